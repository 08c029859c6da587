import { onPremises } from '../../../../support/on-premises.ts';
import { imageBodies, imageOf } from '../../../../support/platform-bodies.ts';
import type { PlatformCase } from '../../../../support/platform-case.ts';
import { run } from '../../packer/fixtures.ts';

const secret = { value: 'planted-secret' };
const builderType = 'hyperv-iso' as const;
const connection = 'hyperv' as const;
const asAdministrator = { access: { communicator: 'winrm', username: 'Administrator' } };
const iso = imageOf('iso', { access: { communicator: 'ssh', username: 'debian' } });
const disk = imageOf('disk', {
  url: 'file:///D:/base/server-2022.vhdx',
  checksum: `sha256:${'0b'.repeat(32)}`,
  ...asAdministrator,
});

const ssh = {
  sshUsername: 'builder',
  sshPort: 2222,
  sshTimeout: '40m',
  sshHandshakeAttempts: 20,
  sshPassword: secret,
};
const winrm = {
  winrmUsername: 'DOMAIN\\builder',
  winrmPort: 15_986,
  winrmTimeout: '2h',
  winrmUseSsl: true,
  winrmInsecure: false,
  winrmPassword: secret,
};
const machine = {
  cpus: 4,
  memory: 4096,
  diskSize: 61_440,
  diskBlockSize: 1,
  diskAdditionalSize: [10_240, 20_480],
  skipCompaction: true,
  skipExport: true,
  switchName: "Müller's switch (external), %{tears}",
  switchVlanId: '42',
  vlanId: '42',
  macAddress: '00155d000001',
  guestAdditionsMode: 'disable',
  configurationVersion: '10.0',
  firstBootDevice: 'DVD',
  headless: false,
  outputDirectory: 'D:\\images\\',
  tempPath: 'E:\\builds',
  bootWait: '0s',
  bootKeyInterval: '50ms',
  shutdownCommand: 'shutdown /s /t 10 /f',
  shutdownTimeout: '15m',
};
const first = { generation: 1, useFixedVhdFormat: true, useLegacyNetworkAdapter: true };
const second = {
  generation: 2,
  enableSecureBoot: true,
  secureBootTemplate: 'MicrosoftUEFICertificateAuthority',
};
/** What Packer 1.6 does not know. */
const newer = { enableTpm: true, disableShutdown: true, keepRegistered: true };
/** What Packer only believes on a machine that has it: nested virtualisation and ISOs at their place. */
const onHost = {
  enableVirtualizationExtensions: true,
  enableMacSpoofing: true,
  secondaryIsoImages: ['D:\\iso\\drivers.iso'],
};
const dynamic = { enableDynamicMemory: true, differencingDisk: true };

const linux = (settings: object) => onPremises({ builderType, settings, connection, images: [iso] });
const windowsWith = (settings: object) =>
  onPremises({ builderType, settings, connection, images: [disk], family: 'windows' });

/** Settings that exclude those of the others, so that all together have every one. */
export const full = {
  '1.6': [
    linux({ ...machine, ...first, ...ssh }),
    windowsWith({ ...machine, ...second, ...dynamic, ...winrm }),
    linux({ ...machine, ...second, ...onHost, ...ssh }),
  ],
  modern: [
    linux({ ...machine, ...first, ...newer, ...ssh, enableTpm: undefined }),
    windowsWith({ ...machine, ...second, ...dynamic, ...newer, ...winrm }),
    linux({ ...machine, ...second, ...onHost, ...newer, ...ssh }),
  ],
};
const names = ['first generation', 'second generation', 'nested'];

export const windows = onPremises({
  builderType,
  settings: { generation: 2, memory: 8192, switchName: 'Default Switch', winrmPassword: secret },
  connection,
  images: [imageOf('iso', { unattended: imageBodies.iso.unattended, ...asAdministrator })],
  family: 'windows',
});

const folder = `C:\\goldsmith\\images\\Web-Base-v7-${run.runId}`;
const path = `${folder}\\Virtual Hard Disks\\Web-Base-v7.vhdx`;
const made = {
  baseImage: { id: imageBodies.iso.url },
  artifact: {
    builderId: 'MSOpenTech.hyperv',
    id: 'VM',
    description: `VM files in directory: ${folder}`,
    files: [
      `${folder}\\Virtual Hard Disks\\Web-Base-v7-0.vhdx`,
      path,
      `${folder}\\Virtual Machines\\6A62D7C2-0F4E-4C46-8A9E-3A5F3C1B7E55.vmcx`,
    ],
  },
  locators: [{ role: 'primary' as const, host: 'agent', path }],
};

export const cases: PlatformCase[] = [
  { name: 'hyperv-iso linux', snapshot: linux({ sshPassword: secret }), ...made },
  ...(['1.6', 'modern'] as const).flatMap((generation) =>
    full[generation].map((snapshot, place) => ({
      name: `hyperv-iso full ${names[place]}`,
      snapshot,
      generations: [generation],
      ...made,
      ...(names[place] === 'nested'
        ? { notValidated: 'Packer looks for nested virtualisation and for the ISOs, which only Windows has' }
        : {}),
    })),
  ),
  { name: 'hyperv-iso windows', snapshot: windows, ...made },
];
