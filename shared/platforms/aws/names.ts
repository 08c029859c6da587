import type { RunIdentity } from '../platform.ts';

/** Name of the key pair that a run makes for a while. */
export const keyPairName = (runId: string): string => `goldsmith-${runId}`;

/** Matches the names of such key pairs in filters of EC2. */
export const ANY_KEY_PAIR = 'goldsmith-run_*';

/** The run of such a key pair; undefined when the name is another one. */
export const runOfKeyPair = (name: string): string | undefined =>
  /^goldsmith-(run_[0-9A-HJKMNP-TV-Z]{26})$/.exec(name)?.[1];

/** The tag that ties a resource to its run. */
export const RUN_TAG = 'goldsmith:run';

/** The tags that say whose run it was. */
export const DEPLOYMENT_TAG = 'goldsmith:deployment';
export const WORKSPACE_TAG = 'goldsmith:workspace';

/** Tags on everything that a run makes. */
export const runTags = (run: RunIdentity): Record<string, string> => ({
  [DEPLOYMENT_TAG]: run.deploymentId,
  [WORKSPACE_TAG]: run.workspaceId,
  'goldsmith:definition': run.definitionId,
  [RUN_TAG]: run.runId,
});

/** Kinds of temporary resources in an AWS account. */
export const kinds = {
  instance: 'ec2-instance',
  image: 'ec2-image',
  snapshot: 'ec2-snapshot',
  volume: 'ec2-volume',
  keyPair: 'ec2-key-pair',
  securityGroup: 'ec2-security-group',
  launchTemplate: 'ec2-launch-template',
  instanceProfile: 'iam-instance-profile',
} as const;

/** In place of a region, for what IAM keeps for the whole account. */
export const EVERYWHERE = 'global';

/** Where a resource is, as one string: `eu-central-1/i-0123456789abcdef0`. */
export const locatorOf = (region: string, id: string): string => `${region}/${id}`;

/** Region and id of a locator; undefined when it is none. */
export const parseLocator = (locator: string): { region: string; id: string } | undefined => {
  const slash = locator.indexOf('/');
  if (slash < 1 || slash === locator.length - 1) return undefined;
  return { region: locator.slice(0, slash), id: locator.slice(slash + 1) };
};

/** Names that Packer gives to the security groups that it makes for a build; all others were there before. */
export const isPackersGroup = (name: string): boolean => /^packer_[0-9a-f-]+$/.test(name);

/** Names that Packer gives to the instance profile and the role that it makes for a build, both the same. */
export const isPackersProfile = (name: string): boolean =>
  /^packer-[0-9a-f]{8}(-[0-9a-f]{4,12}){4}$/.test(name);
