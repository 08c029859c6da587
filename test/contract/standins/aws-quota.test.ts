import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPermissions } from '../../../shared/platforms/aws/trust.ts';
import { containing } from '../../support/matchers.ts';
import {
  type Account,
  clientsOf,
  closeAccount,
  type Keys,
  makeUser,
  openAccount,
  runOf,
  snapshotIn,
  whileEnforced,
} from './aws-account.ts';
import { createClient, credentials, debianImageId, launch, region } from './ec2-support.ts';

let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => closeAccount(account));

const STANDARD = 'L-1216C47A';
const SPOT = 'L-34B43A08';
/** What the account asked AWS for; null: it never asked. */
const grant = async (code: string, value: number | null) => {
  const body = JSON.stringify({ region, code, value });
  const answer = await fetch(`${account.standin.endpoint}/goldsmith/quota`, { method: 'POST', body });
  expect(answer.status).toBe(200);
};
const quotaOf = async (wanted: Parameters<typeof snapshotIn>[1] = {}, keys: Keys = credentials) => {
  const { client } = clientsOf(snapshotIn(account, wanted, keys), runOf(1), keys);
  const checks = await client.preflight({ id: debianImageId, name: 'debian' });
  return checks.filter(({ id }) => id === 'quota');
};

describe('room in the account for one more machine', () => {
  it('is there by what AWS gives to every account, where nobody ever asked for more', async () => {
    expect(await quotaOf()).toMatchObject([
      {
        status: 'pass',
        detail: containing('t3.micro needs 2 vCPUs, and of the 640 of "Running On-Demand Standard'),
      },
    ]);
  });

  it('is none when the machines that run now leave too little, and comes back with the end of one', async () => {
    await grant(STANDARD, 3);
    expect(await quotaOf()).toMatchObject([{ status: 'pass', detail: containing('0 are used') }]);
    const ec2 = createClient(account.standin.endpoint);
    const { instanceId } = await launch(ec2, account.standin.networks[region]?.subnetId ?? '');
    expect(await quotaOf()).toMatchObject([
      {
        status: 'fail',
        errorId: 'quota-exceeded',
        field: '/builderConfiguration/settings/instanceType',
        detail: containing('needs 2 vCPUs, and of the 3 of'),
        remedy: containing('ask AWS for 4 or more'),
      },
    ]);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    expect(await quotaOf()).toMatchObject([{ status: 'pass' }]);
    await grant(STANDARD, null);
  });

  it('is another quota for spot machines, and none at all for a machine that is larger than it', async () => {
    await grant(SPOT, 1);
    expect(await quotaOf({ spotPrice: '0.05' })).toMatchObject([
      { status: 'fail', detail: containing('"All Standard'), remedy: containing('Ask AWS for 2 or more') },
    ]);
    expect(await quotaOf()).toMatchObject([{ status: 'pass' }]);
    await grant(SPOT, null);
  });

  it('is not known of a family that nobody has a quota for', async () => {
    expect(await quotaOf({ instanceType: 'mac1.metal' })).toMatchObject([
      { status: 'warn', detail: containing('no quota of this family'), remedy: containing('Service Quotas') },
    ]);
  });

  it('is not known to a connection that may not ask, which is told what to allow; no build is held up', async () => {
    const statements = buildPermissions.Statement.filter(({ Sid }) => Sid !== 'OptionalMachineQuotas');
    const keys = await makeUser(account, 'no-quotas', statements);
    expect(await whileEnforced(account, () => quotaOf({}, keys))).toMatchObject([
      { status: 'warn', errorId: 'quota-exceeded', remedy: containing('servicequotas:GetServiceQuota') },
    ]);
    const all = await makeUser(account, 'with-quotas', buildPermissions.Statement);
    expect(await whileEnforced(account, () => quotaOf({}, all))).toMatchObject([{ status: 'pass' }]);
  });
});
