import { afterEach, describe, expect, it } from 'vitest';
import { permissionChecks } from '../../../../../shared/platforms/aws/client-permissions.ts';
import type { Intent } from '../../../../../shared/platforms/aws/client-probes.ts';
import { type Answers, fakeAws, fakeSession, Refusal } from '../../../../support/fake-aws.ts';
import { containing } from '../../../../support/matchers.ts';

const ARN = 'arn:aws:sts::123456789012:assumed-role/goldsmith/run_1';
const ROLE = 'arn:aws:iam::123456789012:role/goldsmith';
const intent: Intent = {
  settings: { instanceType: 't3.small', securityGroupIds: ['sg-0123456789abcdef0'] },
  region: 'eu-central-1',
  copies: [],
  communicator: 'ssh',
  amiId: 'ami-1',
  tags: { temporary: { 'goldsmith:run': 'run_1', team: 'web' }, image: { stage: 'golden' } },
  isOfRun: true,
};

/** An account that would do everything else. */
const willing = () => {
  throw new Refusal('DryRunOperation');
};
const refuses = (message: string) => () => {
  throw new Refusal('UnauthorizedOperation', message);
};
const simulated = (
  decision: string,
  { missing = [], specific = '' }: { missing?: string[]; specific?: string } = {},
) =>
  `<EvaluationResults><member><EvalActionName>x</EvalActionName><EvalDecision>${decision}</EvalDecision>` +
  `<MissingContextValues>${missing.map((one) => `<member>${one}</member>`).join('')}</MissingContextValues>` +
  `<ResourceSpecificResults>${specific}</ResourceSpecificResults></member></EvaluationResults><IsTruncated>false</IsTruncated>`;

let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());
const checked = async (answers: Answers, fields: Partial<Intent> = {}) => {
  const aws = await fakeAws(answers, willing);
  ({ close } = aws);
  const asked = {
    intent: { ...intent, ...fields },
    caller: { accountId: '123456789012', arn: ARN },
    roleArn: ROLE,
    authField: '/auth',
  };
  return { checks: await permissionChecks(fakeSession(), asked), aws };
};

describe('what a refused trial is worth (S150)', () => {
  it('IAM is asked about things as the run makes them: their ARNs, their tags, the role behind the session', async () => {
    const { checks, aws } = await checked({
      CreateImage: refuses('no'),
      SimulatePrincipalPolicy: () => simulated('allowed'),
    });
    expect(checks).toMatchObject([{ status: 'pass' }]);
    const question = aws.calls.find(({ action }) => action === 'SimulatePrincipalPolicy')?.parameters ?? {};
    expect(question).toMatchObject({
      PolicySourceArn: ROLE,
      'ActionNames.member.1': 'ec2:CreateImage',
      'ResourceArns.member.1': containing('arn:aws:ec2:eu-central-1:123456789012:instance/i-'),
      'ResourceArns.member.2': containing('arn:aws:ec2:eu-central-1::image/ami-'),
    });
    const keys = Object.entries(question).flatMap(([name, value]) =>
      name.endsWith('ContextKeyName') ? [value] : [],
    );
    for (const tag of ['goldsmith:run', 'team', 'stage'])
      expect(keys).toEqual(expect.arrayContaining([`aws:RequestTag/${tag}`, `ec2:ResourceTag/${tag}`]));
  });

  it('the trial itself carries the tags that the build will give', async () => {
    const { aws } = await checked({});
    const parametersOf = (name: string) => aws.calls.find(({ action }) => action === name)?.parameters;
    expect(parametersOf('CreateKeyPair')).toMatchObject({
      'TagSpecification.1.ResourceType': 'key-pair',
      'TagSpecification.1.Tag.2.Value': 'web',
    });
    expect(parametersOf('CreateTags')).toMatchObject({ 'Tag.2.Key': 'stage', 'Tag.2.Value': 'golden' });
  });

  it('one thing of several that is denied for certain is enough for a failure', async () => {
    const member = (decision: string) =>
      `<member><EvalResourceName>r</EvalResourceName><EvalResourceDecision>${decision}</EvalResourceDecision></member>`;
    const specific = `${member('allowed')}${member('implicitDeny')}`;
    const { checks } = await checked({
      CreateImage: refuses('no'),
      SimulatePrincipalPolicy: () => simulated('allowed', { specific }),
    });
    expect(checks).toMatchObject([{ status: 'fail', detail: 'The connection may not: ec2:CreateImage.' }]);
  });

  it('what is missing to decide is told', async () => {
    const { checks } = await checked({
      TerminateInstances: refuses('no'),
      SimulatePrincipalPolicy: () => simulated('implicitDeny', { missing: ['aws:SourceIp'] }),
    });
    expect(checks).toMatchObject([{ status: 'warn', detail: containing('policies ask for aws:SourceIp') }]);
  });

  it('a machine that EC2 refuses as it will be started, though IAM would allow it, is a warning with its words', async () => {
    const { checks } = await checked({
      RunInstances: refuses('with an explicit deny in a service control policy'),
      SimulatePrincipalPolicy: () => simulated('allowed'),
    });
    expect(checks).toMatchObject([{ status: 'warn', detail: containing('service control policy') }]);
  });

  it('a role that may not be passed on is a failure at once: it is there, and named', async () => {
    const { checks, aws } = await checked({
      RunInstances: refuses(
        `User: ${ARN} is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/y`,
      ),
    });
    expect(checks).toMatchObject([{ status: 'fail', detail: 'The connection may not: iam:PassRole.' }]);
    expect(aws.calls.filter(({ action }) => action.startsWith('Simulate'))).toEqual([]);
  });

  it('looking at what is there needs no second opinion', async () => {
    const { checks } = await checked({ DescribeSubnets: refuses('no') });
    expect(checks).toMatchObject([
      { status: 'fail', detail: 'The connection may not: ec2:DescribeSubnets.' },
    ]);
  });

  it('a machine that may not be started fails without IAM only where the trial is what the build will send', async () => {
    const nobody = { RunInstances: refuses('no'), SimulatePrincipalPolicy: refuses('iam says no') };
    expect((await checked(nobody)).checks).toMatchObject([{ status: 'fail' }]);
    await close?.();
    const { checks } = await checked(nobody, { settings: { instanceType: 't3.small' } });
    expect(checks).toMatchObject([{ status: 'warn', detail: containing('IAM could not be asked') }]);
  });

  it('of a connection alone, which has no run and no tags of one, no trial of making things is certain', async () => {
    const { checks } = await checked(
      { RunInstances: refuses('no'), SimulatePrincipalPolicy: refuses('iam says no') },
      { isOfRun: false },
    );
    expect(checks).toMatchObject([{ status: 'warn' }]);
  });
});
