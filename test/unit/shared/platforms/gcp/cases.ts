import type { RunSnapshot } from '../../../../../shared/contracts/snapshot.ts';
import type { GcpSnapshot } from '../../../../../shared/platforms/gcp/base-image.ts';
import { demandPlatform } from '../../../../../shared/platforms/snapshot-of.ts';
import { builderSettings } from '../../../../support/platform-bodies.ts';
import type { PlatformCase } from '../../../../support/platform-case.ts';
import { storedBuilder, storedConnection, storedSystem } from '../../../../support/stored-entities.ts';
import { powershell, snapshot as plain, step } from '../../packer/fixtures.ts';

export const projectId = 'images-prod';
const secret = { value: 'planted-secret' };
const key = (name: string) => ({
  kmsKeyName: `projects/keys/locations/europe-west1/keyRings/images/cryptoKeys/${name}`,
});

export const debianFamily = { type: 'gcp-family', projectId: 'debian-cloud', family: 'debian-12' };
export const windowsFamily = { type: 'gcp-family', projectId: 'windows-cloud', family: 'windows-2022' };
export const debianId = 'projects/debian-cloud/global/images/debian-12-bookworm-v20260101';
const windowsId = 'projects/windows-cloud/global/images/windows-server-2022-dc-v20260101';

/** Nothing of the example, but what a builder must have. */
const nothing = Object.fromEntries(
  Object.keys(builderSettings.googlecompute).map((name) => [name, undefined]),
);
export const minimum = { ...nothing, zone: 'europe-west1-b' };

type Parts = {
  /** Beside the zone. */
  settings?: object;
  image?: object;
  connection?: 'gcp service-account-key' | 'gcp workload-identity';
  windows?: boolean;
  fields?: Partial<RunSnapshot>;
};

/** A snapshot of a run on Google Cloud. */
export const gcpSnapshot = ({
  settings = {},
  image,
  connection = 'gcp service-account-key',
  windows = false,
  fields = {},
}: Parts = {}): GcpSnapshot =>
  demandPlatform(
    {
      ...plain(),
      operatingSystem: storedSystem([image ?? (windows ? windowsFamily : debianFamily)], {
        family: windows ? 'windows' : 'linux',
      }),
      builderConfiguration: storedBuilder('googlecompute', { ...minimum, ...settings }),
      connection: storedConnection(connection),
      ...(windows ? { steps: [step(1, powershell())] } : {}),
      ...fields,
    },
    'gcp',
  );

/** What Packer 1.6 can do as well. */
const common = {
  region: 'europe-west1',
  machineType: 'n2-standard-4',
  diskSize: 50,
  diskType: 'pd-ssd',
  imageFamily: 'web-base',
  imageDescription: 'Base image of the web team, made of ${tears}',
  imageStorageLocations: ['europe-west1'],
  imageEncryptionKey: key('images'),
  imageLicenses: ['projects/vm-options/global/licenses/enable-vmx'],
  network: 'projects/shared-net/global/networks/build',
  subnetwork: 'build-europe',
  networkProjectId: 'shared-net',
  tags: ['allow-build', 'no-web'],
  minCpuPlatform: 'Intel Ice Lake',
  enableSecureBoot: true,
  enableVtpm: true,
  enableIntegrityMonitoring: true,
  scopes: ['https://www.googleapis.com/auth/devstorage.read_only'],
  serviceAccountEmail: 'build-vm@images-prod.iam.gserviceaccount.com',
  stateTimeout: '20m',
};
export const linuxFull = {
  ...common,
  address: 'build-address',
  useOsLogin: false,
  metadata: { 'startup-script': '#!/bin/sh\necho "${HOME} %{x}"\n', 'enable-oslogin': 'FALSE' },
  onHostMaintenance: 'TERMINATE',
  preemptible: true,
  acceleratorType: 'projects/images-prod/zones/europe-west1-b/acceleratorTypes/nvidia-tesla-t4',
  acceleratorCount: 1,
  sshUsername: 'builder',
  sshPassword: secret,
  sshPort: 2222,
  sshTimeout: '20m',
  sshHandshakeAttempts: 20,
};
export const modernOnly = {
  imageProjectId: 'images-shared',
  imageGuestOsFeatures: ['UEFI_COMPATIBLE', 'GVNIC'],
  diskEncryptionKey: key('disks'),
  networkIp: '10.1.2.3',
  useIap: true,
  enableNestedVirtualization: true,
  windowsPasswordTimeout: '10m',
};
const windowsFull = {
  ...common,
  ...modernOnly,
  serviceAccountEmail: undefined,
  disableDefaultServiceAccount: true,
  useInternalIp: true,
  omitExternalIp: true,
  metadata: { 'serial-port-enable': 'TRUE' },
  winrmUsername: 'builder',
  winrmPassword: secret,
  winrmPort: 8443,
  winrmTimeout: '45m',
  winrmUseSsl: true,
  winrmInsecure: false,
};

const locator = { role: 'primary' as const, imageName: 'web-base-v7' };
const selfLink = (project: string) =>
  `https://www.googleapis.com/compute/v1/projects/${project}/global/images/web-base-v7`;
const expected = (project = projectId, family?: string) => ({
  artifact: {
    builderId: 'packer.googlecompute',
    id: 'web-base-v7',
    description: `A disk image was created in the '${project}' project: web-base-v7`,
  },
  locators: [
    {
      ...locator,
      projectId: project,
      ...(family === undefined ? {} : { family }),
      selfLink: selfLink(project),
    },
  ],
});
const debian = { id: debianId, name: 'debian-12-bookworm-v20260101' };
const windows = { id: windowsId, name: 'windows-server-2022-dc-v20260101' };

export const cases: PlatformCase[] = [
  { name: 'googlecompute linux', snapshot: gcpSnapshot(), baseImage: debian, ...expected() },
  {
    name: 'googlecompute windows',
    snapshot: gcpSnapshot({ windows: true, settings: { diskSize: 50 } }),
    baseImage: windows,
    ...expected(),
  },
  {
    name: 'googlecompute linux full',
    snapshot: gcpSnapshot({ settings: linuxFull }),
    baseImage: debian,
    ...expected(projectId, 'web-base'),
  },
  {
    name: 'googlecompute windows full',
    snapshot: gcpSnapshot({ windows: true, settings: windowsFull }),
    baseImage: windows,
    ...expected('images-shared', 'web-base'),
    generations: ['modern'],
  },
  {
    name: 'googlecompute linux workload identity',
    snapshot: gcpSnapshot({
      connection: 'gcp workload-identity',
      settings: { useOsLogin: true, useIap: true },
    }),
    baseImage: debian,
    ...expected('example.com:images-prod'),
    generations: ['modern'],
  },
];
