import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPermissions } from '../../../shared/platforms/aws/trust.ts';
import type { PlatformCheck } from '../../../shared/platforms/platform.ts';
import { containing } from '../../support/matchers.ts';
import {
  type Account,
  clientsOf,
  closeAccount,
  makeUser,
  openAccount,
  runOf,
  snapshotIn,
  whileEnforced,
} from './aws-account.ts';
import { debianImageId } from './ec2-support.ts';

let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => closeAccount(account));

type Statement = { Effect: string; Action: string[]; Resource: string; Condition?: object };
const everything: Statement[] = buildPermissions.Statement;
const without = (actions: string[]): Statement[] =>
  everything.map((one) => ({ ...one, Action: one.Action.filter((name) => !actions.includes(name)) }));
/** Removing is for things of this deployment alone, as many a customer wants it. */
const REMOVALS = [
  'ec2:TerminateInstances',
  'ec2:DeleteVolume',
  'ec2:DeleteSecurityGroup',
  'ec2:DeleteSnapshot',
];
const onOwn = (condition: object): Statement[] => [
  ...without(REMOVALS),
  { Effect: 'Allow', Action: REMOVALS, Resource: 'arn:aws:ec2:*:*:*/*', Condition: condition },
];
const ownTag = (value: string) => ({ StringEquals: { 'ec2:ResourceTag/goldsmith:deployment': value } });

let count = 0;
const permissionsOf = async (statements: Statement[], wanted = {}): Promise<PlatformCheck[]> => {
  count += 1;
  const keys = await makeUser(account, `user-${count}`, statements);
  const { client } = clientsOf(snapshotIn(account, wanted, keys), runOf(1), keys);
  const checks = await whileEnforced(account, () => client.preflight({ id: debianImageId, name: 'debian' }));
  return checks.filter(({ id }) => id === 'permissions');
};

describe('policies that go by tags and resources, which a trial with made-up ids does not meet (S150)', () => {
  it('are enough when the tags are those that the run gives to what it makes', async () => {
    const own = ownTag(runOf(1).deploymentId);
    expect(await permissionsOf(onOwn(own))).toMatchObject([{ status: 'pass' }]);
  });

  it('are enough when things have to be made with the tags of the run', async () => {
    const made = { StringLike: { 'aws:RequestTag/goldsmith:run': 'run_*' } };
    const statements = [
      ...without(['ec2:RunInstances', 'ec2:CreateKeyPair']),
      {
        Effect: 'Allow',
        Action: ['ec2:RunInstances', 'ec2:CreateKeyPair'],
        Resource: 'arn:aws:ec2:*:*:*/*',
        Condition: made,
      },
    ];
    expect(await permissionsOf(statements)).toMatchObject([{ status: 'pass' }]);
  });

  it('are a failure when they ask for a tag that the run never gives', async () => {
    const checks = await permissionsOf(onOwn(ownTag('somebody-else')));
    expect(checks).toMatchObject([{ status: 'fail', errorId: 'permission-denied' }]);
    for (const action of REMOVALS) expect(checks[0]?.detail).toContain(action);
  });

  it('are a warning with the reason when they ask for what only the request will show', async () => {
    const condition = { StringEquals: { 'aws:PrincipalTag/team': 'images' } };
    expect(await permissionsOf(onOwn(condition))).toMatchObject([
      {
        status: 'warn',
        field: '/connection/settings/auth',
        detail: containing('policies ask for aws:PrincipalTag/team'),
      },
    ]);
  });

  it('are a warning, never a failure, when IAM may not be asked', async () => {
    const statements = onOwn(ownTag(runOf(1).deploymentId)).map((one) => ({
      ...one,
      Action: one.Action.filter((name) => name !== 'iam:SimulatePrincipalPolicy'),
    }));
    expect(await permissionsOf(statements)).toMatchObject([
      {
        status: 'warn',
        detail: containing('ec2:TerminateInstances'),
        remedy: containing('iam:SimulatePrincipalPolicy'),
      },
    ]);
  });
});

describe('actions that have no dry run', () => {
  const session = { sshInterface: 'session_manager' as const, iamInstanceProfile: 'nobody' };
  const start = (value: string): Statement[] => [
    {
      Effect: 'Allow',
      Action: ['ssm:StartSession'],
      Resource: 'arn:aws:ec2:*:*:instance/*',
      Condition: { StringEquals: { 'ssm:resourceTag/goldsmith:deployment': value } },
    },
    {
      Effect: 'Allow',
      Action: ['ssm:StartSession'],
      Resource: 'arn:aws:ssm:*:*:document/AWS-StartPortForwardingSession',
    },
    { Effect: 'Allow', Action: ['ssm:TerminateSession'], Resource: '*' },
  ];

  it('are asked about with the machine, its tags and the document, as docs/aws.md says to allow them', async () => {
    const statements = [...everything, ...start(runOf(1).deploymentId)];
    expect(await permissionsOf(statements, session)).toMatchObject([{ status: 'pass' }]);
  });

  it('are a warning that names the one that is denied', async () => {
    const [check, ...more] = await permissionsOf([...everything, ...start('somebody-else')], session);
    expect([check?.status, more]).toEqual(['warn', []]);
    expect(check?.detail).toContain('may not: ssm:StartSession.');
  });
});
