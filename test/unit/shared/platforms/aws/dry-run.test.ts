import { EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { tryOut } from '../../../../../shared/platforms/aws/client-dry-run.ts';
import { type Intent, probesOf } from '../../../../../shared/platforms/aws/client-probes.ts';

const ec2 = new EC2Client({ region: 'eu-central-1' });
const refusal = (name: string, message = '') => Object.assign(new Error(message), { name });
const ask = (refused?: Error) => {
  const send = async (): Promise<void> => {
    if (refused !== undefined) throw refused;
  };
  return tryOut({ action: 'ec2:RunInstances', region: 'eu-central-1', send }, ec2);
};

describe('what EC2 answers to a question that it is not to carry out (S150)', () => {
  it.each([
    ['DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 'allowed'],
    ['UnauthorizedOperation', 'You are not authorized to perform this operation.', 'missing'],
    ['AccessDenied', 'User: x is not authorized to perform: ec2:RunInstances', 'missing'],
    // Of ids that are made up, and of settings that other checks are about.
    ['InvalidInstanceID.NotFound', "The instance ID 'i-00000000000000000' does not exist", 'allowed'],
    ['InvalidAMIID.Malformed', 'Invalid id', 'allowed'],
    ['InvalidParameterValue', 'Value () for parameter instanceType is invalid.', 'allowed'],
    ['MissingParameter', 'The request must contain the parameter x', 'allowed'],
    ['OptInRequired', 'In order to use this AWS Marketplace product you need to accept terms.', 'allowed'],
    ['Unsupported', 'The requested configuration is currently not supported.', 'allowed'],
    // Of these nobody can say anything: no false pass.
    ['RequestLimitExceeded', 'Request limit exceeded.', 'unknown'],
    ['InternalError', 'An internal error has occurred', 'unknown'],
    ['Error', 'getaddrinfo ENOTFOUND ec2.eu-central-1.amazonaws.com', 'unknown'],
    ['AuthFailure', 'AWS was not able to validate the provided access credentials', 'unknown'],
  ])('%s (%s): %s', async (name, message, outcome) => {
    expect(await ask(refusal(name, message))).toMatchObject({ outcome, region: 'eu-central-1' });
  });

  it('is a yes when it has no dry run and just answers', async () => {
    expect(await ask()).toMatchObject({ outcome: 'allowed', action: 'ec2:RunInstances' });
  });

  it('names the action that is really missing: a machine with a profile passes a role on', async () => {
    const message =
      'You are not authorized to perform this operation. User: arn:aws:sts::1:assumed-role/x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/y';
    expect(await ask(refusal('UnauthorizedOperation', message))).toMatchObject({
      outcome: 'missing',
      action: 'iam:PassRole',
    });
  });
});

const intent = (settings: Partial<Intent['settings']> = {}, fields: Partial<Intent> = {}): Intent => ({
  settings: { instanceType: 't3.small', ...settings },
  region: 'eu-central-1',
  copies: [],
  communicator: 'ssh',
  amiId: 'ami-0123456789abcdef0',
  tags: { temporary: {}, image: {} },
  isOfRun: true,
  ...fields,
});
const actionsOf = (one: Intent): string[] => probesOf(one).map(({ action, region }) => `${region} ${action}`);
/** What a setting adds to the questions about a plain build, and what it takes away. */
const change = (one: Intent) => {
  const [plain, now] = [actionsOf(intent()), actionsOf(one)];
  const bare = (names: string[]) => names.map((name) => name.replace('eu-central-1 ec2:', ''));
  return {
    more: bare(now.filter((name) => !plain.includes(name))),
    less: bare(plain.filter((name) => !now.includes(name))),
  };
};

describe('what a build is asked about', () => {
  it('is all that it does with machine, key pair, group, image and snapshots, and the clean-up after it', () => {
    expect(actionsOf(intent())).toEqual(
      expect.arrayContaining(
        [
          'RunInstances',
          'StopInstances',
          'TerminateInstances',
          'CreateKeyPair',
          'DeleteKeyPair',
          'CreateSecurityGroup',
          'AuthorizeSecurityGroupIngress',
          'DeleteSecurityGroup',
          'CreateImage',
          'CreateTags',
          'DeregisterImage',
          'DeleteSnapshot',
        ].map((name) => `eu-central-1 ec2:${name}`),
      ),
    );
  });

  it.each<[Partial<Intent['settings']>, Partial<Intent>, string[], string[]]>([
    [
      { securityGroupIds: ['sg-1'] },
      {},
      [],
      ['CreateSecurityGroup', 'DeleteSecurityGroup', 'AuthorizeSecurityGroupIngress'],
    ],
    [{ sshInterface: 'session_manager' }, {}, [], ['AuthorizeSecurityGroupIngress']],
    [{ disableStopInstance: true }, {}, [], ['StopInstances']],
    [
      { spotPrice: 'auto' },
      {},
      ['CreateLaunchTemplate', 'CreateFleet', 'DeleteLaunchTemplate'],
      ['StopInstances'],
    ],
    [{ enaSupport: true }, {}, ['ModifyInstanceAttribute'], []],
    [{}, { communicator: 'winrm' }, ['GetPasswordData'], []],
    [{ encryptBoot: true }, {}, ['CopyImage'], []],
    [{ amiDescription: 'x' }, {}, ['ModifyImageAttribute'], []],
    [{ amiOuArns: ['arn'] }, {}, ['ModifyImageAttribute'], []],
    [{ snapshotUsers: ['210987654321'] }, {}, ['ModifySnapshotAttribute'], []],
    [{ deprecateAt: '2030-01-31T12:00:00Z' }, {}, ['EnableImageDeprecation'], []],
    [{ deregistrationProtection: { enabled: true } }, {}, ['EnableImageDeregistrationProtection'], []],
    [{ deregistrationProtection: { enabled: false } }, {}, [], []],
    [
      { amiUsers: ['210987654321'] },
      { copies: ['us-east-1'] },
      ['ModifyImageAttribute', 'us-east-1 ec2:CopyImage', 'us-east-1 ec2:ModifyImageAttribute'],
      [],
    ],
  ])('changes with %j %j', (settings, fields, more, less) => {
    expect(change(intent(settings, fields))).toEqual({ more, less });
  });
});
