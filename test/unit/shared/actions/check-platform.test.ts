import { describe, expect, test } from 'vitest';
import { accountChecks, platformChecks } from '../../../../shared/actions/check-platform.ts';
import type { RunCheck } from '../../../../shared/actions/run-checks.ts';
import type { ErrorId } from '../../../../shared/domain/triage/catalogue.ts';
import { type PlatformClient, PlatformError } from '../../../../shared/platforms/platform.ts';
import { scope } from '../../../support/engine.ts';
import { fakeAccount, fakeClient, fakePreflight, identity, never } from '../../../support/fake-platform.ts';
import { containing } from '../../../support/matchers.ts';
import { storedConnection } from '../../../support/stored-entities.ts';
import { snapshot } from '../packer/fixtures.ts';

const refuse = (errorId: ErrorId) => () => Promise.reject(new PlatformError(errorId, `It says ${errorId}.`));
const told = (checks: readonly RunCheck[]): string[] => checks.map(({ id, status }) => `${id} ${status}`);

const look = (client: Partial<PlatformClient>, account = fakeAccount(), limitMs = 10_000) => {
  const { preflight } = fakePreflight(fakeClient(client), account);
  return platformChecks({ ...preflight, limitMs }, snapshot(), identity);
};

describe('a base image that cannot be had', () => {
  test.each<[ErrorId, string, string | undefined]>([
    ['base-image-not-found', 'base-image fail', '/operatingSystem/images/0'],
    ['base-image-not-subscribed', 'base-image fail', '/operatingSystem/images/0'],
    ['credentials-invalid', 'credentials fail', '/connection/settings/auth'],
    ['role-not-assumable', 'credentials fail', '/connection/settings/auth'],
    ['permission-denied', 'permissions fail', '/connection/settings/auth'],
    ['region-invalid', 'region fail', '/builderConfiguration/settings'],
    ['platform-unreachable', 'platform fail', '/connection/settings'],
    ['certificate-untrusted', 'platform fail', '/connection/settings'],
    ['proxy-refused', 'platform fail', '/connection/settings'],
    ['clock-skewed', 'credentials fail', '/connection/settings/auth'],
    // These say nothing about the run that follows.
    ['requests-throttled', 'platform warn', '/connection/settings'],
    ['platform-fault', 'platform warn', '/connection/settings'],
    ['platform-busy', 'platform warn', '/connection/settings'],
    ['unclassified', 'base-image warn', '/operatingSystem/images/0'],
  ])(
    'because of %s is told as %s at %s, and the connection is looked at besides',
    async (errorId, check, field) => {
      const verify = async (): Promise<RunCheck[]> => [{ id: 'quota', status: 'pass', detail: 'Enough.' }];
      const { checks, baseImage, faults } = await look(
        { resolveBaseImage: refuse(errorId) },
        fakeAccount({ verify }),
      );
      expect(told(checks)).toEqual([check, 'quota pass']);
      expect(checks[0]).toMatchObject({ field, errorId, detail: `It says ${errorId}.` });
      expect([baseImage, faults]).toEqual([undefined, []]);
    },
  );

  test('hides no other fault of the connection, and tells none twice', async () => {
    const verify = async (): Promise<RunCheck[]> => [
      { id: 'credentials', status: 'fail', detail: 'Once more.', field: '/settings/auth' },
      { id: 'permissions', status: 'fail', detail: 'ec2:RunInstances', field: '/settings/auth' },
    ];
    const { checks } = await look(
      { resolveBaseImage: refuse('credentials-invalid') },
      fakeAccount({ verify }),
    );
    expect(told(checks)).toEqual(['credentials fail', 'permissions fail']);
    expect(checks[1]?.field).toBe('/connection/settings/auth');
  });

  test('is not blamed where nobody is let in to look for it', async () => {
    const verify = async (): Promise<RunCheck[]> => [
      {
        id: 'credentials',
        status: 'fail',
        detail: 'No such subscription.',
        field: '/settings/subscriptionId',
      },
    ];
    const { checks } = await look(
      { resolveBaseImage: refuse('base-image-not-found') },
      fakeAccount({ verify }),
    );
    expect(told(checks)).toEqual(['credentials fail']);
  });

  test('because of something that nobody foresaw fails no run: it is a warning, and handed on for our log', async () => {
    const surprise = new TypeError('x is not a function');
    const { checks, faults } = await look({ resolveBaseImage: () => Promise.reject(surprise) });
    expect(told(checks)).toEqual(['base-image warn', 'credentials pass']);
    expect(JSON.stringify(checks)).not.toContain('not a function');
    expect(faults).toEqual([surprise]);
  });
});

describe('the rest of the account', () => {
  test('is asked about with the exact base image', async () => {
    const asked: unknown[] = [];
    const preflight = async (image: unknown): Promise<RunCheck[]> => {
      asked.push(image);
      return [
        { id: 'network', status: 'fail', errorId: 'network-not-found', detail: 'subnet-1 is not there.' },
      ];
    };
    const { checks, baseImage } = await look({ preflight });
    expect(told(checks)).toEqual(['base-image pass', 'network fail']);
    expect(asked).toEqual([baseImage]);
  });

  test.each<[ErrorId, string]>([
    ['credentials-invalid', 'credentials fail'],
    ['permission-denied', 'permissions fail'],
    ['quota-exceeded', 'platform fail'],
    ['unclassified', 'platform warn'],
  ])('that refuses as a whole with %s is %s, and the base image stays known', async (errorId, check) => {
    const { checks, baseImage } = await look({ preflight: refuse(errorId) });
    expect(told(checks)).toEqual(['base-image pass', check]);
    expect(baseImage).toBeDefined();
  });

  test('that breaks in a way that nobody foresaw is a warning', async () => {
    const surprise = new RangeError('out of it');
    const { checks, faults } = await look({ preflight: () => Promise.reject(surprise) });
    expect(told(checks)).toEqual(['base-image pass', 'platform warn']);
    expect(faults).toEqual([surprise]);
  });
});

describe('what does not answer in time', () => {
  test('is a warning: the account', async () => {
    const { checks, baseImage } = await look({ preflight: never }, fakeAccount(), 20);
    expect(checks.at(-1)).toMatchObject({
      id: 'platform',
      status: 'warn',
      detail: 'The account could not be checked in time.',
    });
    expect(baseImage).toBeDefined();
  });

  test('is a warning: the base image, behind which nothing else is waited for', async () => {
    const { checks } = await look({ resolveBaseImage: never }, fakeAccount({ verify: never }), 20);
    expect(told(checks)).toEqual(['base-image warn', 'platform warn']);
  });
});

describe('a connection by itself', () => {
  const connection = storedConnection('aws role');
  const verify = (account: ReturnType<typeof fakeAccount> | 'none', limitMs = 10_000) =>
    accountChecks(fakePreflight('none', account).preflight.reach, scope, connection, limitMs);

  test('is told as the platform sees it', async () => {
    expect(told((await verify(fakeAccount())).checks)).toEqual(['credentials pass']);
  });

  test.each<[ErrorId, string, string]>([
    ['role-not-assumable', 'credentials fail', '/settings/auth'],
    ['permission-denied', 'permissions fail', '/settings/auth'],
    ['region-invalid', 'region fail', '/settings'],
    ['platform-unreachable', 'platform fail', '/settings'],
    ['unclassified', 'platform warn', '/settings'],
  ])('that is refused with %s is %s, blamed on its own field %s', async (errorId, check, field) => {
    const { checks } = await verify(fakeAccount({ verify: refuse(errorId) }));
    expect(told(checks)).toEqual([check]);
    expect(checks[0]?.field).toBe(field);
  });

  test('that does not answer is a warning', async () => {
    const { checks } = await verify(fakeAccount({ verify: never }), 5);
    expect(told(checks)).toEqual(['platform warn']);
  });

  test('on-premises is one warning: only a connector can look', async () => {
    const { checks } = await verify('none');
    expect(checks).toMatchObject([{ id: 'connector', status: 'warn', detail: containing('connector') }]);
  });
});
