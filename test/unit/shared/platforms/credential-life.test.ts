import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Account } from '../../../../infra/local/standins/clouds/azure/account.ts';
import { newState } from '../../../../infra/local/standins/clouds/gcp/state.ts';
import { lifeOf } from '../../../../shared/platforms/credential-life.ts';
import type { PlatformCheck } from '../../../../shared/platforms/platform.ts';
import { containing } from '../../../support/matchers.ts';
import { storedConnection } from '../../../support/stored-entities.ts';
import { snapshot } from '../packer/fixtures.ts';
import { azureSnapshot } from './azure/cases.ts';
import { openAzure, placeExamples } from './azure/client-support.ts';
import { gcpSnapshot } from './gcp/cases.ts';
import { clientOf, serveGcp } from './gcp/loopback.ts';

const HOUR = 3_600_000;
const inHours = (hours: number): string => new Date(Date.now() + hours * HOUR).toISOString();
const lifetime = (checks: PlatformCheck[]) => checks.filter(({ id }) => id === 'credential-lifetime');
const field = '/connection/settings/auth';

describe('credentials and the longest that a run may take', () => {
  const now = Date.parse('2026-06-01T00:00:00Z');
  const { definition } = snapshot();
  const status = (timeoutSeconds: number | undefined, ...hours: number[]) => {
    const limited = { ...definition, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) };
    return lifeOf(
      'The key',
      hours.map((one) => now + one * HOUR),
      { definition: limited },
      now,
    ).status;
  };

  it.each<[number | undefined, number[], string]>([
    [3600, [1.01], 'pass'],
    [3600, [1], 'fail'],
    [3600, [-5], 'fail'],
    // Nobody says how long: four hours.
    [undefined, [4.01], 'pass'],
    [undefined, [3.9], 'fail'],
    [3600, [0.5, 24], 'warn'],
    [3600, [2, 24], 'pass'],
    [3600, [0.2, 0.5], 'fail'],
  ])('of %s seconds, ending in %j hours: %s', (seconds, hours, expected) => {
    expect(status(seconds, ...hours)).toBe(expected);
  });
});

describe('the client secret of an application of Azure', () => {
  const managed = azureSnapshot('azure-managed');
  const checked = async (account: Partial<Account>, from = managed) => {
    const azure = await openAzure({ account, identityToken: () => Promise.resolve('local-assertion') });
    placeExamples(azure);
    try {
      return lifetime(
        await azure.client(from).preflight({ id: 'Canonical:ubuntu-24_04-lts:server:24.04.202611010' }),
      );
    } finally {
      await azure.close();
    }
  };

  it('passes when it ends after the run, and fails when it ends before', async () => {
    expect(await checked({ clientSecretEndsAt: inHours(24) })).toMatchObject([{ status: 'pass' }]);
    expect(await checked({ clientSecretEndsAt: inHours(0.1) })).toMatchObject([
      { status: 'fail', field, errorId: 'credentials-invalid', remedy: containing('timeoutSeconds') },
    ]);
  });

  it('is a warning with the reason where the application may not read itself', async () => {
    expect(await checked({ clientSecretEndsAt: undefined })).toMatchObject([
      {
        status: 'warn',
        field,
        detail: containing('Insufficient privileges'),
        remedy: containing('Application.Read.All'),
      },
    ]);
  });

  it('is none with a workload identity, whose token is renewed', async () => {
    const example = storedConnection('azure workload-identity');
    if (example.platform !== 'azure') throw new Error('no connection of Azure');
    const { auth } = example.settings;
    const { connection } = managed;
    const from = { ...managed, connection: { ...connection, settings: { ...connection.settings, auth } } };
    const found = await checked(
      { clientAssertion: 'local-assertion', clientId: auth.clientId, tenantId: auth.tenantId },
      from,
    );
    expect(found).toMatchObject([{ status: 'pass', detail: containing('renewed') }]);
  });
});

describe('the key of a service account of Google', () => {
  let served: Awaited<ReturnType<typeof serveGcp>>;
  beforeAll(async () => {
    served = await serveGcp();
  });
  afterAll(() => served.close());
  beforeEach(() => {
    served.cloud.state = newState('images-prod');
  });
  const checked = async () =>
    lifetime(
      await clientOf(served.cloud, served.port, gcpSnapshot()).preflight({
        id: 'projects/debian-cloud/global/images/debian-12-v20260101',
      }),
    );

  it('passes when it never ends, and fails when it ends before the run may', async () => {
    expect(await checked()).toMatchObject([{ status: 'pass', detail: containing('9999-12-31') }]);
    served.cloud.state.accountKeyEndsAt = inHours(1).replace(/\.\d+Z$/, 'Z');
    expect(await checked()).toMatchObject([{ status: 'fail', field, errorId: 'credentials-invalid' }]);
  });

  it('is a warning with the reason where the service account may not look', async () => {
    served.cloud.state.denied.add('iam.serviceAccountKeys.get');
    expect(await checked()).toMatchObject([
      {
        status: 'warn',
        field,
        detail: containing('iam.serviceAccountKeys.get'),
        remedy: containing('workload identity'),
      },
    ]);
  });
});
