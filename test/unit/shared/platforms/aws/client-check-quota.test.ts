import { afterEach, describe, expect, it } from 'vitest';
import { quotaChecks } from '../../../../../shared/platforms/aws/client-check-quota.ts';
import { type Answers, fakeAws, fakeSession, items, Refusal } from '../../../../support/fake-aws.ts';
import { containing } from '../../../../support/matchers.ts';

type Machine = { type: string; spot?: boolean; tenancy?: string };
const machine = ({ type, spot = false, tenancy = 'default' }: Machine): string =>
  `<instanceId>i-1</instanceId><instanceType>${type}</instanceType><placement><tenancy>${tenancy}</tenancy></placement>` +
  (spot ? '<instanceLifecycle>spot</instanceLifecycle>' : '');
/** What runs, a page for each list. */
const runs =
  (...pages: Machine[][]): Answers[string] =>
  ({ NextToken: token = '0' }) => {
    const at = Number(token);
    const reservations = (pages[at] ?? []).map((one) => items('instancesSet', [machine(one)]));
    const more = at + 1 < pages.length ? `<nextToken>${at + 1}</nextToken>` : '';
    return items('reservationSet', reservations) + more;
  };
const sizes: Record<string, number> = { 't3.small': 2, 'm5.xlarge': 4, 'c5.2xlarge': 8, 'g5.xlarge': 4 };
const types: Answers[string] = (parameters) => {
  const wanted = Object.entries(parameters).flatMap(([name, value]) =>
    /Filter\.1\.Value/.test(name) ? [value] : [],
  );
  return items(
    'instanceTypeSet',
    wanted.flatMap((name) =>
      sizes[name] === undefined
        ? []
        : [
            `<instanceType>${name}</instanceType><vCpuInfo><defaultVCpus>${sizes[name]}</defaultVCpus></vCpuInfo>`,
          ],
    ),
  );
};

let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());
const checked = async (answers: Answers, settings: { instanceType?: string; spotPrice?: string } = {}) => {
  const aws = await fakeAws({
    DescribeInstances: runs([]),
    DescribeInstanceTypes: types,
    GetServiceQuota: () => ({ Quota: { Value: 16 } }),
    ...answers,
  });
  ({ close } = aws);
  const [check, ...more] = await quotaChecks(fakeSession(), { instanceType: 't3.small', ...settings });
  expect(more).toEqual([]);
  return { check, aws };
};

describe('the vCPUs of an account', () => {
  it('are those of all families of the quota, on demand, on all pages; hosts, spot machines and others do not count', async () => {
    const { check, aws } = await checked({
      DescribeInstances: runs(
        [{ type: 'm5.xlarge' }, { type: 'c5.2xlarge', spot: true }, { type: 'g5.xlarge' }],
        [
          { type: 'm5.xlarge' },
          { type: 'c5.2xlarge', tenancy: 'host' },
          { type: 't3.small', tenancy: 'dedicated' },
        ],
      ),
    });
    expect(check).toMatchObject({ status: 'pass', detail: containing('needs 2 vCPUs, and of the 16') });
    expect(check?.detail).toContain(' 10 are used.');
    const asked = aws.calls.find(({ action }) => action === 'DescribeInstances')?.parameters;
    expect(asked).toMatchObject({ 'Filter.1.Value.1': 'pending', 'Filter.1.Value.2': 'running' });
    expect(aws.calls.find(({ action }) => action === 'GetServiceQuota')?.parameters).toEqual({
      ServiceCode: 'ec2',
      QuotaCode: 'L-1216C47A',
    });
  });

  it('on the spot market are those of spot machines alone', async () => {
    const { check } = await checked(
      { DescribeInstances: runs([{ type: 'm5.xlarge' }, { type: 'c5.2xlarge', spot: true }]) },
      { spotPrice: 'auto' },
    );
    expect(check?.detail).toContain('Spot Instance Requests" (L-34B43A08) in eu-central-1 8 are used.');
  });

  it.each([
    [14, 'pass'],
    [13, 'fail'],
  ])('with a quota of %i, when 12 are used and 2 are needed: %s', async (Value, status) => {
    const { check } = await checked({
      DescribeInstances: runs([{ type: 'm5.xlarge' }, { type: 'c5.2xlarge' }]),
      GetServiceQuota: () => ({ Quota: { Value } }),
    });
    expect(check).toMatchObject({ status });
  });

  it('are what AWS gives to everybody, where the account never asked for more: often none', async () => {
    const none = () => {
      throw new Refusal('NoSuchResourceException');
    };
    const { check } = await checked(
      { GetServiceQuota: none, GetAWSDefaultServiceQuota: () => ({ Quota: { Value: 0 } }) },
      { instanceType: 'g5.xlarge' },
    );
    expect(check).toMatchObject({
      status: 'fail',
      detail: containing('of the 0 of "Running On-Demand G and VT'),
    });
  });

  it.each<[string, Answers]>([
    ['no quota of this code', { GetServiceQuota: () => ({ Quota: {} }) }],
    ['no size of a machine that runs', { DescribeInstances: runs([{ type: 'm99.huge' }]) }],
  ])('are not counted half: with %s nobody knows', async (_, answers) => {
    const { check } = await checked(answers);
    expect(check).toMatchObject({ status: 'warn', detail: containing('does not tell all numbers') });
  });

  it('are not known where EC2 tells no machines; what to allow is only told of what Service Quotas refuses', async () => {
    const { check } = await checked({
      DescribeInstances: () => {
        throw new Refusal('UnauthorizedOperation', 'not authorized to perform: ec2:DescribeInstances');
      },
    });
    expect(check).toMatchObject({ status: 'warn', detail: containing('ec2:DescribeInstances') });
    expect(check?.remedy).not.toContain('servicequotas');
  });
});
