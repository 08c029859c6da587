import { describe, expect, test } from 'vitest';
import { judgeRun } from '../../../../shared/actions/preflight.ts';
import { presentChecks, type RunCheck } from '../../../../shared/actions/run-checks.ts';
import type { PackerGeneration } from '../../../../shared/contracts/bundle.ts';
import { checkListSchema } from '../../../../shared/contracts/entities/check.ts';
import type { ProvisionerStored } from '../../../../shared/contracts/entities/provisioner.ts';
import type { AmazonEbsSettings } from '../../../../shared/contracts/platforms/aws.ts';
import type { RunSnapshot } from '../../../../shared/contracts/snapshot.ts';
import { errorCatalogue } from '../../../../shared/domain/triage/catalogue.ts';
import { PlatformError } from '../../../../shared/platforms/platform.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { at, base, ulid } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { fakeAccount, fakeClient, fakePreflight, identity, never } from '../../../support/fake-platform.ts';
import { containing } from '../../../support/matchers.ts';
import { imageOf } from '../../../support/platform-bodies.ts';
import { storedBuilder, storedConnection, storedSystem } from '../../../support/stored-entities.ts';
import { powershell, shell, snapshot, step, windowsSnapshot, withSettings } from '../packer/fixtures.ts';

const told = (checks: readonly RunCheck[]): string[] => checks.map(({ id, status }) => `${id} ${status}`);
const notFine = (checks: readonly RunCheck[]) => checks.filter(({ status }) => status !== 'pass');

const judge = async (fake: ReturnType<typeof fakePreflight>, run: RunSnapshot = snapshot()) =>
  judgeRun(fake.preflight, run, identity);

const onQemu = (fields: Partial<RunSnapshot> = {}): RunSnapshot => ({
  ...snapshot(),
  builderConfiguration: storedBuilder('qemu'),
  connection: storedConnection('qemu'),
  operatingSystem: storedSystem([imageOf('disk')]),
  ...fields,
});

describe('a run that would work', () => {
  test('passes every check, in one order, and has its job', async () => {
    const { checks, baseImage, job, faults } = await judge(fakePreflight());
    expect(told(checks)).toEqual([
      'definition pass',
      'provisioner-os pass',
      'operating-system pass',
      'image-name pass',
      'connector pass',
      'resources pass',
      'base-image pass',
    ]);
    expect(baseImage).toEqual({ id: 'ami-0123456789abcdef0', name: 'ubuntu-24.04' });
    expect(job?.bundle.files[0]?.content).toContain('ami-0123456789abcdef0');
    expect(job?.buildSite).toEqual({ user: 'ubuntu', region: 'eu-central-1' });
    expect(faults).toEqual([]);
  });

  test('tells clients the same list without what is only ours', async () => {
    const { checks } = await judge(fakePreflight());
    const list = presentChecks(checks);
    expect(checkListSchema.strict().parse(list)).toEqual(list);
    expect(list.ok).toBe(true);
  });

  test('has the checks of the platform behind ours; what it says better takes the place of what is well', async () => {
    const preflight = async (): Promise<RunCheck[]> => [
      { id: 'image-name', status: 'pass', detail: 'Web-Base-v7 is free.' },
      { id: 'base-image', status: 'warn', detail: 'It is for another owner.' },
      { id: 'quota', status: 'pass', detail: '12 of 32 processors are free.' },
    ];
    const { checks } = await judge(fakePreflight(fakeClient({ preflight })));
    const ids = checks.map(({ id }) => id);
    expect(ids.slice(-3)).toEqual(['image-name', 'base-image', 'quota']);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('what is wrong before anybody asks the platform', () => {
  test('each step of the other family is named, with the role to blame, and there is no job (S158)', async () => {
    const steps = [step(1, shell()), step(2, powershell()), step(3, powershell({ name: 'more' }))];
    const { checks, job } = await judge(fakePreflight(), snapshot({ steps }));
    expect(notFine(checks)).toMatchObject([
      { id: 'provisioner-os', status: 'fail', step: 'install roles', field: '/provisionerRole/groupIds' },
      { id: 'provisioner-os', status: 'fail', step: 'more', errorId: 'provisioner-os-mismatch' },
    ]);
    expect(presentChecks(checks).checks[1]).toMatchObject({
      detail: containing('step 2 "install roles" (group "basics") is for windows'),
      remedy: errorCatalogue['provisioner-os-mismatch'].remedy,
    });
    expect(job).toBeUndefined();
  });

  test.each(['deprecated', 'withdrawn'] as const)(
    'a %s operating system is warned of (S164)',
    async (supportState) => {
      const { operatingSystem } = snapshot();
      const { checks, job } = await judge(
        fakePreflight(),
        snapshot({ operatingSystem: { ...operatingSystem, supportState } }),
      );
      expect(notFine(checks)).toMatchObject([
        { id: 'operating-system', status: 'warn', field: '/operatingSystem/supportState' },
      ]);
      expect(job).toBeDefined();
    },
  );

  test('a text that no template can hold fails what is else fine, with the reason', async () => {
    const run = snapshot();
    const { settings } = run.builderConfiguration;
    const amiDescription = 'made of {{ tears }}';
    const unfit = { ...run.builderConfiguration, settings: { ...settings, amiDescription } };
    const { checks, job } = await judge(fakePreflight(), { ...run, builderConfiguration: unfit });
    expect(notFine(checks)).toMatchObject([
      { id: 'definition', status: 'fail', errorId: 'text-not-usable', detail: containing('{{') },
    ]);
    expect(job).toBeUndefined();
  });

  test('nobody to log in as fails the definition, not the whole list', async () => {
    const operatingSystem = storedSystem([imageOf('aws-ami', { access: undefined })]);
    const { checks } = await judge(fakePreflight(), snapshot({ operatingSystem }));
    expect(notFine(checks)).toMatchObject([
      {
        id: 'definition',
        status: 'fail',
        errorId: 'builder-setting-invalid',
        field: '/builderConfiguration/settings/sshUsername',
      },
    ]);
  });

  describe('what no template can be made of names the part to blame', () => {
    const windows = storedSystem([imageOf('disk')], { family: 'windows' });
    const update: ProvisionerStored = {
      ...base(`prv_${ulid('UP')}`, 'updates'),
      type: 'windows-update',
      osFamily: 'windows',
    };
    const profile: Partial<AmazonEbsSettings> = {
      temporaryIamInstanceProfilePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['*'] }],
      },
    };
    const withoutLogin = storedBuilder('qemu', { sshPassword: undefined, winrmPassword: undefined });
    const tagged = withSettings(snapshot(), profile);
    const disks = ['first', 'second'].map((url) => imageOf('disk', { url: `[store] ${url}.vmdk` }));
    const old: [string, RunSnapshot, string][] = [
      [
        'Linux that is said to answer WinRM',
        snapshot({
          operatingSystem: storedSystem([
            imageOf('aws-ami', { access: { communicator: 'winrm', username: 'admin' } }),
          ]),
        }),
        '/operatingSystem/images/0/access/communicator',
      ],
      [
        'a step that Packer 1.6 lacks',
        { ...windowsSnapshot(), steps: [step(1, update)] },
        '/provisionerRole/groupIds',
      ],
      [
        'Windows by WinRM beside user data',
        withSettings(windowsSnapshot(), { userData: '<powershell>exit</powershell>' }),
        '/builderConfiguration/settings/userData',
      ],
      [
        'Windows on a machine that must not be stopped',
        withSettings(windowsSnapshot(), { disableStopInstance: true }),
        '/builderConfiguration/settings/disableStopInstance',
      ],
      [
        'WinRM through Session Manager',
        withSettings(windowsSnapshot(), { sshInterface: 'session_manager' }),
        '/builderConfiguration/settings/sshInterface',
      ],
    ];
    const modern: [string, RunSnapshot, string][] = [
      [
        'no password on-premises',
        onQemu({
          operatingSystem: windows,
          builderConfiguration: withoutLogin,
          steps: [],
        }),
        '/builderConfiguration/settings/winrmPassword',
      ],
      [
        'a disk that only another platform finds',
        onQemu({ operatingSystem: storedSystem(disks), steps: [] }),
        '/operatingSystem/images/0',
      ],
      [
        'a tag that IAM refuses',
        { ...tagged, connection: { ...tagged.connection, temporaryResourceTags: { 'a#': 'b' } } },
        '/connection/temporaryResourceTags/a#',
      ],
    ];
    const blamed = async (run: RunSnapshot, generation: PackerGeneration) => {
      const fake = fakePreflight('none');
      fake.preflight.target = { generation };
      // Of hypervisors only a connector could build it, which is another check.
      fake.preflight.reach.connect = async () => fakeClient();
      const { checks } = await judgeRun(fake.preflight, run, identity);
      return checks.filter(({ id, status }) => id === 'definition' && status === 'fail');
    };

    test.each(old)('%s', async (_, run, field) => {
      expect(await blamed(run, '1.6')).toMatchObject([{ field }]);
    });
    test.each(modern)('%s', async (_, run, field) => {
      expect(await blamed(run, 'modern')).toMatchObject([{ field }]);
    });
  });
});

describe('Windows', () => {
  test('on-premises without a step that looks like sysprep is a warning, and not added (S88)', async () => {
    const { operatingSystem: windows } = windowsSnapshot();
    const operatingSystem = { ...windows, images: storedSystem([imageOf('disk')]).images };
    const run = onQemu({ operatingSystem, steps: [step(1, powershell())] });
    const { checks } = await judge(fakePreflight('none'), run);
    expect(checks.filter(({ id }) => id === 'generalise')).toMatchObject([
      { status: 'warn', remedy: containing('/v1/sysprep-scripts/on-premises') },
    ]);
    const withStep = { ...run, steps: [step(1, powershell({ script: 'Sysprep.exe /generalize' }))] };
    const better = await judge(fakePreflight('none'), withStep);
    expect(told(better.checks)).toContain('generalise pass');
  });

  test('in a gallery image that is asked to be specialised is said to stay as it is', async () => {
    const destination = { resourceGroup: 'images', galleryName: 'gallery', specialized: true };
    const run = {
      ...windowsSnapshot(),
      builderConfiguration: storedBuilder('azure-gallery', { sharedImageGalleryDestination: destination }),
      connection: storedConnection('azure client-secret'),
    };
    const { checks } = await judge(fakePreflight(), run);
    expect(checks.filter(({ id }) => id === 'generalise')).toEqual([
      { id: 'generalise', status: 'pass', detail: containing('specialised') },
    ]);
  });

  test('in a cloud is generalised by itself (S85), and Linux is not asked', async () => {
    expect(told((await judge(fakePreflight(), windowsSnapshot())).checks)).toContain('generalise pass');
    expect(told((await judge(fakePreflight())).checks).join()).not.toContain('generalise');
  });
});

describe('a connector', () => {
  const connectorId = `cnr_${ulid('1')}`;
  const through = () => {
    const run = snapshot();
    return { ...run, definition: { ...run.definition, connectorId } };
  };
  const agent = (lastSeenAt: string) => ({
    id: `agt_${ulid('A')}`,
    hostname: 'site-1',
    version: '1',
    platforms: [],
    lastSeenAt,
    connectorId,
  });
  const withConnector = async (fake: ReturnType<typeof fakePreflight>, lastSeenAt?: string) => {
    const key = keys.entity(scope, 'connector', connectorId);
    await fake.core.write([{ put: { ...key, row: 'connector', ...base(connectorId, 'site') } }]);
    const agentKey = keys.agent(scope, connectorId, `agt_${ulid('A')}`);
    if (lastSeenAt !== undefined)
      await fake.core.write([{ put: { ...agentKey, row: 'agent', ...agent(lastSeenAt) } }]);
    return fake;
  };
  const connectorsOf = async (fake: ReturnType<typeof fakePreflight>, run: RunSnapshot) =>
    (await judge(fake, run)).checks.filter(({ id }) => id === 'connector');

  test('that is missing where one is needed fails (S32, S33)', async () => {
    const run = snapshot();
    const inPrivate = { ...run.builderConfiguration, network: 'private' as const };
    expect(await connectorsOf(fakePreflight(), { ...run, builderConfiguration: inPrivate })).toMatchObject([
      { status: 'fail', field: '/connectorId', detail: containing('private network') },
    ]);
  });

  test('that is gone fails, and so does a build through any, which cannot be run yet', async () => {
    expect(await connectorsOf(fakePreflight(), through())).toMatchObject([
      { status: 'fail', field: '/connectorId', detail: 'Its connector is gone.' },
      { status: 'fail', detail: containing('not run yet') },
    ]);
  });

  test.each([
    [undefined, 'warn'],
    [at(0), 'warn'],
    [at(99), 'pass'],
  ])('whose agent was heard of at %s: %s', async (lastSeenAt, status) => {
    const fake = await withConnector(fakePreflight(), lastSeenAt);
    expect((await connectorsOf(fake, through()))[0]).toMatchObject({ status });
  });

  test('alone reaches what is on-premises: nothing there is claimed to be well', async () => {
    const { checks, job } = await judge(fakePreflight('none'), onQemu());
    const ofPlatform = checks.filter(({ detail }) => detail.includes('QEMU'));
    expect(ofPlatform.at(-1)).toMatchObject({ id: 'connector', status: 'warn' });
    expect(told(checks).join()).not.toContain('base-image');
    expect(job).toBeUndefined();
  });
});

describe('uploaded files', () => {
  const file = (version: number, fields: object = {}) => ({
    resourceId: `res_${ulid('R')}`,
    name: 'installer',
    version,
    fileName: 'setup.sh',
    sizeBytes: 5,
    sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    objectVersion: 'bytes 1',
    ...fields,
  });
  const filesOf = async (fake: ReturnType<typeof fakePreflight>, files: ReturnType<typeof file>[]) => {
    const { checks } = await judge(fake, snapshot({ files }));
    return checks.filter(({ id }) => id === 'resources');
  };
  const lay = (fake: ReturnType<typeof fakePreflight>, version: number, text: string) =>
    fake.objects.set(`${scope.workspaceId}/res_${ulid('R')}/${version}`, { text, tag: 'available' });

  test('that are there as they were announced pass', async () => {
    const fake = fakePreflight();
    lay(fake, 1, 'hello');
    expect(await filesOf(fake, [file(1)])).toMatchObject([{ status: 'pass' }]);
  });

  test('that are gone, cut or other than announced each fail, with what is wrong', async () => {
    const fake = fakePreflight();
    lay(fake, 1, 'hello');
    lay(fake, 2, 'hell');
    lay(fake, 3, 'hullo');
    const found = await filesOf(fake, [file(1), file(2), file(3), file(4)]);
    expect(found.map(({ status, detail, errorId }) => [status, detail, errorId])).toEqual([
      ['fail', 'Version 2 of installer has 4 bytes instead of 5.', 'resource-unavailable'],
      ['fail', 'Version 3 of installer has another checksum.', 'resource-unavailable'],
      ['fail', 'Version 4 of installer is not in the store any more.', 'resource-unavailable'],
    ]);
  });

  test('are looked up by the very bytes that the run began with', async () => {
    const fake = fakePreflight();
    const asked: unknown[] = [];
    fake.preflight.resources = {
      inspect: async (...question) => {
        asked.push(question);
        return undefined;
      },
    };
    await filesOf(fake, [file(1)]);
    expect(asked).toEqual([[scope, file(1), 'bytes 1']]);
  });

  test.each([
    ['refused', () => Promise.reject(new Error('AccessDenied'))],
    ['late', never],
  ])('whose look-up is %s are a warning: the runner looks at every byte itself', async (_, inspect) => {
    const fake = fakePreflight();
    fake.preflight.limitMs = 5;
    fake.preflight.resources = { inspect };
    expect(await filesOf(fake, [file(1)])).toMatchObject([{ status: 'warn' }]);
  });
});

describe('an image that the platform no longer likes', () => {
  test.each([
    [at(99), 'warn'],
    [at(101), 'pass'],
  ])('deprecated at %s, asked a moment between: %s', async (deprecatedAt, status) => {
    const resolveBaseImage = async () => ({ id: 'ami-1', name: 'old', deprecatedAt });
    const { checks } = await judge(fakePreflight(fakeClient({ resolveBaseImage })));
    expect(checks.at(-1)).toMatchObject({ id: 'base-image', status });
  });

  test('is blamed on its very place in the operating system', async () => {
    const operatingSystem = storedSystem([
      imageOf('iso'),
      imageOf('aws-ami', { access: { communicator: 'ssh', username: 'admin' } }),
    ]);
    const resolveBaseImage = () =>
      Promise.reject(new PlatformError('base-image-not-found', 'No such image.'));
    const fake = fakePreflight(fakeClient({ resolveBaseImage }), fakeAccount());
    const { checks } = await judge(fake, snapshot({ operatingSystem }));
    expect(notFine(checks)).toMatchObject([{ id: 'base-image', field: '/operatingSystem/images/1' }]);
  });
});
