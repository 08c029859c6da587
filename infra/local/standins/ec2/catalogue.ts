/** One entry of the list of images that moto is started with (its file format, hence the names). */
export interface CatalogueImage {
  ami_id: string;
  name: string;
  description: string;
  owner_id: string;
  creation_date: string;
  architecture: 'x86_64';
  public: true;
  state: 'available';
  virtualization_type: 'hvm';
  hypervisor: 'xen';
  root_device_type: 'ebs';
  root_device_name: string;
  image_type: 'machine';
  image_location: string;
}

/** Publishers' account ids as on AWS, so that the filters of real templates match. */
const owners = { debian: '136693071363', amazon: '137112412989', canonical: '099720109477' } as const;

const releases: readonly {
  id: string;
  name: string;
  description: string;
  owner: keyof typeof owners;
  created: string;
  rootDevice: string;
}[] = [
  {
    id: 'ami-0de00000000000121',
    name: 'debian-12-amd64-20251112-2294',
    description: 'Debian 12 (20251112-2294)',
    owner: 'debian',
    created: '2025-11-12T08:41:07.000Z',
    rootDevice: '/dev/xvda',
  },
  {
    id: 'ami-0de00000000000122',
    name: 'debian-12-amd64-20260909-2595',
    description: 'Debian 12 (20260909-2595)',
    owner: 'debian',
    created: '2026-09-09T09:12:44.000Z',
    rootDevice: '/dev/xvda',
  },
  {
    id: 'ami-0de00000000000131',
    name: 'debian-13-amd64-20260914-2600',
    description: 'Debian 13 (20260914-2600)',
    owner: 'debian',
    created: '2026-09-14T07:55:31.000Z',
    rootDevice: '/dev/xvda',
  },
  {
    id: 'ami-0a120230000000001',
    name: 'al2023-ami-2023.9.20251027.0-kernel-6.1-x86_64',
    description: 'Amazon Linux 2023 AMI 2023.9.20251027.0 x86_64 HVM kernel-6.1',
    owner: 'amazon',
    created: '2025-10-27T22:03:19.000Z',
    rootDevice: '/dev/xvda',
  },
  {
    id: 'ami-0a120230000000002',
    name: 'al2023-ami-2023.12.20261019.0-kernel-6.1-x86_64',
    description: 'Amazon Linux 2023 AMI 2023.12.20261019.0 x86_64 HVM kernel-6.1',
    owner: 'amazon',
    created: '2026-10-19T21:47:52.000Z',
    rootDevice: '/dev/xvda',
  },
  {
    id: 'ami-0ab00000000022041',
    name: 'ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20260902',
    description: 'Canonical, Ubuntu, 22.04 LTS, amd64 jammy image',
    owner: 'canonical',
    created: '2026-09-02T03:20:00.000Z',
    rootDevice: '/dev/sda1',
  },
  {
    id: 'ami-0ab00000000024041',
    name: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260904',
    description: 'Canonical, Ubuntu, 24.04 LTS, amd64 noble image',
    owner: 'canonical',
    created: '2026-09-04T04:10:00.000Z',
    rootDevice: '/dev/sda1',
  },
];

/**
 * The public images of the local account. They differ in name, owner and date, so that filters and `most_recent` mean
 * something; behind each of them is the same small base disk.
 */
export const catalogue: readonly CatalogueImage[] = releases.map((release) => ({
  ami_id: release.id,
  name: release.name,
  description: release.description,
  owner_id: owners[release.owner],
  creation_date: release.created,
  architecture: 'x86_64',
  public: true,
  state: 'available',
  virtualization_type: 'hvm',
  hypervisor: 'xen',
  root_device_type: 'ebs',
  root_device_name: release.rootDevice,
  image_type: 'machine',
  image_location: `amazon/${release.name}`,
}));

/** Ids of the images whose disk is the base disk. */
export const catalogueImageIds: ReadonlySet<string> = new Set(catalogue.map((image) => image.ami_id));
