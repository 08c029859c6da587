import type { AmazonEbsSettings } from '../../contracts/platforms/aws.ts';

/** What an action is done to, as policies name it: IAM's Service Authorization Reference, "Actions for Amazon EC2". */
type Kind =
  | 'instance'
  | 'volume'
  | 'network-interface'
  | 'key-pair'
  | 'security-group'
  | 'launch-template'
  | 'fleet'
  | 'image'
  | 'snapshot';

/**
 * Kinds of things, of those that a run makes, that each action needs to be allowed for. Base image, subnet and VPC are not
 * among them: they are there, and a dry run judges them by what they are.
 */
const kindsOf: Record<string, Kind[]> = {
  RunInstances: ['instance', 'volume', 'network-interface', 'key-pair', 'security-group'],
  TerminateInstances: ['instance'],
  StopInstances: ['instance'],
  ModifyInstanceAttribute: ['instance'],
  GetPasswordData: ['instance'],
  CreateKeyPair: ['key-pair'],
  DeleteKeyPair: ['key-pair'],
  CreateImage: ['instance', 'image', 'snapshot'],
  CreateTags: ['image', 'snapshot'],
  DeregisterImage: ['image'],
  DeleteSnapshot: ['snapshot'],
  DeleteVolume: ['volume'],
  CreateSecurityGroup: ['security-group'],
  DeleteSecurityGroup: ['security-group'],
  AuthorizeSecurityGroupIngress: ['security-group'],
  CreateLaunchTemplate: ['launch-template'],
  DeleteLaunchTemplate: ['launch-template'],
  CreateFleet: ['fleet', 'launch-template'],
  ModifyImageAttribute: ['image'],
  ModifySnapshotAttribute: ['snapshot'],
  EnableImageDeprecation: ['image'],
  EnableImageDeregistrationProtection: ['image'],
  CopyImage: ['image'],
};

/** Whose policies are asked about, and where. */
export type Where = { partition: string; accountId: string; region: string };

/** ARNs as the things of a run will have them; images and snapshots have no account in theirs. */
const arnOf = ({ partition, accountId, region }: Where, kind: Kind, id: string): string => {
  const owner = kind === 'image' || kind === 'snapshot' ? '' : accountId;
  return `arn:${partition}:ec2:${region}:${owner}:${kind}/${id}`;
};

const prefixes: Record<Kind, string> = {
  instance: 'i-',
  volume: 'vol-',
  'network-interface': 'eni-',
  'key-pair': 'goldsmith-run_',
  'security-group': 'sg-',
  'launch-template': 'lt-',
  fleet: 'fleet-',
  image: 'ami-',
  snapshot: 'snap-',
};
/** Any id: the real one is not known before the thing is there. */
const SOME = '0123456789abcdef0';

/** ARNs of what an action of EC2, such as `ec2:RunInstances`, is done to in a run; none where it is done to nothing. */
export const subjectsOf = (action: string, where: Where): string[] =>
  (kindsOf[action.replace(/^ec2:/, '')] ?? []).map((kind) => arnOf(where, kind, `${prefixes[kind]}${SOME}`));

/** Whether an action is about images, which carry tags of their own. */
export const isOfImage = (action: string): boolean =>
  (kindsOf[action.replace(/^ec2:/, '')] ?? []).some((kind) => kind === 'image' || kind === 'snapshot');

type OtherQuestion = {
  action: string;
  resources: string[];
  /** How the service calls the tags of a machine in conditions. */
  tagPrefix: string;
  more?: Record<string, string>;
};

const ROLE_ACTIONS = ['CreateRole', 'PutRolePolicy', 'DeleteRolePolicy', 'DeleteRole'];
const PROFILE_ACTIONS = [
  'CreateInstanceProfile',
  'AddRoleToInstanceProfile',
  'RemoveRoleFromInstanceProfile',
  'DeleteInstanceProfile',
];
/** A name as Packer gives one to a profile and its role. */
const PACKERS = 'packer-01234567-89ab-cdef-0123-456789abcdef';

const sessionQuestions = ({ partition, accountId, region }: Where): OtherQuestion[] => {
  const ssm = `arn:${partition}:ssm:${region}:`;
  const machine = `arn:${partition}:ec2:${region}:${accountId}:instance/${prefixes.instance}${SOME}`;
  const documentArn = `${ssm}:document/AWS-StartPortForwardingSession`;
  const tagPrefix = 'ssm:resourceTag';
  return [
    { action: 'ssm:StartSession', resources: [machine, documentArn], tagPrefix },
    { action: 'ssm:TerminateSession', resources: [`${ssm}${accountId}:session/${SOME}`], tagPrefix },
  ];
};

const profileQuestions = ({ partition, accountId }: Where): OtherQuestion[] => {
  const iam = `arn:${partition}:iam::${accountId}`;
  const of = (actions: string[], kind: string): OtherQuestion[] =>
    actions.map((name) => ({
      action: `iam:${name}`,
      resources: [`${iam}:${kind}/${PACKERS}`],
      tagPrefix: 'iam:ResourceTag',
    }));
  const [pass] = of(['PassRole'], 'role');
  return [
    ...of(ROLE_ACTIONS, 'role'),
    ...of(PROFILE_ACTIONS, 'instance-profile'),
    ...(pass === undefined ? [] : [{ ...pass, more: { 'iam:PassedToService': 'ec2.amazonaws.com' } }]),
  ];
};

/** What a build asks of other services than EC2. */
export const otherQuestions = (
  { sshInterface, temporaryIamInstanceProfilePolicyDocument: temporary }: AmazonEbsSettings,
  where: Where,
): OtherQuestion[] => [
  ...(sshInterface === 'session_manager' ? sessionQuestions(where) : []),
  ...(temporary === undefined ? [] : profileQuestions(where)),
];
