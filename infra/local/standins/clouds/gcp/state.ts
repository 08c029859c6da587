/** What the stand-in of Compute Engine knows: resources as their REST reference shows them, with the fields that are asked for. */

export type Image = {
  name: string;
  status: 'READY' | 'PENDING' | 'FAILED';
  diskSizeGb: string;
  creationTimestamp: string;
  architecture: 'X86_64' | 'ARM64';
  family?: string;
  description?: string;
  labels?: Record<string, string>;
  licenses?: string[];
  guestOsFeatures?: { type: string }[];
  storageLocations?: string[];
  deprecated?: { state: 'DEPRECATED' | 'OBSOLETE' | 'DELETED'; deprecated?: string };
  /** Under which name the machines keep its disk; none of Compute Engine's fields, and never told. */
  machineImage?: string;
};

export type Instance = {
  name: string;
  zone: string;
  status: 'PROVISIONING' | 'RUNNING' | 'TERMINATED';
  labels: Record<string, string>;
  metadata: { items: { key: string; value: string }[] };
  disk: string;
  address: string | undefined;
};

export type Disk = { name: string; zone: string; sizeGb: string; sourceImage: string; machineImage?: string };

export type Operation = {
  name: string;
  scope: string;
  status: 'RUNNING' | 'DONE';
  errors: { code: string; message: string }[];
  /** Settles with the work. */
  done: Promise<void>;
};

export type MachineType = { guestCpus: number; memoryMb: number; architecture: 'X86_64' | 'ARM64' };

/** Resources by `project/…/name`. Tests may change anything. */
export type State = {
  images: Map<string, Image>;
  instances: Map<string, Instance>;
  disks: Map<string, Disk>;
  operations: Map<string, Operation>;
  zones: Map<string, { status: 'UP' | 'DOWN' }>;
  machineTypes: Map<string, MachineType>;
  diskTypes: Set<string>;
  /** `project/name`; whether each region has a subnetwork by itself. */
  networks: Map<string, { autoCreateSubnetworks: boolean }>;
  /** `project/region/name`. */
  subnetworks: Set<string>;
  /** Quotas of every region: `CPUS` and others. */
  quotas: Map<string, { limit: number; usage: number }>;
  /** State of the primary version, by the resource name of the key. */
  keys: Map<string, string>;
  /** When the key of the service account ends; that of 9999 is Google's word for never. */
  accountKeyEndsAt: string;
  /** Permissions that the service account does not have; it has all others. */
  denied: Set<string>;
};

const publicImage = (
  fields: Pick<Image, 'name' | 'family' | 'creationTimestamp'> & Partial<Image>,
): Image => ({
  status: 'READY',
  diskSizeGb: '10',
  architecture: 'X86_64',
  guestOsFeatures: [{ type: 'UEFI_COMPATIBLE' }],
  ...fields,
});

const debian = (release: number, date: string, fields: Partial<Image> = {}): [string, Image] => {
  const name = `debian-${release}-v${date.replaceAll('-', '')}`;
  const family = `debian-${release}`;
  const creationTimestamp = `${date}T00:00:00.000-08:00`;
  return [`debian-cloud/${name}`, publicImage({ name, family, creationTimestamp, ...fields })];
};

/** The newest of a family, an older one that was given up for it, one for ARM, and one of Windows. */
const publicImages = (): [string, Image][] => [
  debian(12, '2026-01-01'),
  debian(12, '2025-06-01', {
    deprecated: { state: 'DEPRECATED', deprecated: '2026-01-02T00:00:00.000-08:00' },
  }),
  debian(13, '2026-01-01', { architecture: 'ARM64' }),
  debian(9, '2020-01-01', { deprecated: { state: 'OBSOLETE' } }),
  [
    'windows-cloud/windows-server-2022-dc-v20260101',
    publicImage({
      name: 'windows-server-2022-dc-v20260101',
      family: 'windows-2022',
      creationTimestamp: '2026-01-01T00:00:00.000-08:00',
      diskSizeGb: '50',
      licenses: [
        'https://www.googleapis.com/compute/v1/projects/windows-cloud/global/licenses/windows-server-2022-dc',
      ],
    }),
  ],
];

/** A project with the default network, and the public images. */
export const newState = (projectId: string): State => ({
  images: new Map(publicImages()),
  instances: new Map(),
  disks: new Map(),
  operations: new Map(),
  zones: new Map([
    ['europe-west1-b', { status: 'UP' }],
    ['europe-west1-c', { status: 'DOWN' }],
  ]),
  machineTypes: new Map([
    ['e2-standard-2', { guestCpus: 2, memoryMb: 8192, architecture: 'X86_64' }],
    ['n2-standard-4', { guestCpus: 4, memoryMb: 16_384, architecture: 'X86_64' }],
    ['t2a-standard-2', { guestCpus: 2, memoryMb: 8192, architecture: 'ARM64' }],
  ]),
  diskTypes: new Set(['pd-standard', 'pd-balanced', 'pd-ssd']),
  networks: new Map([[`${projectId}/default`, { autoCreateSubnetworks: true }]]),
  subnetworks: new Set([`${projectId}/europe-west1/default`]),
  quotas: new Map([
    ['CPUS', { limit: 24, usage: 0 }],
    ['PREEMPTIBLE_CPUS', { limit: 0, usage: 0 }],
    ['N2_CPUS', { limit: 8, usage: 0 }],
  ]),
  keys: new Map(),
  accountKeyEndsAt: '9999-12-31T23:59:59Z',
  denied: new Set(),
});
