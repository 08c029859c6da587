import { describe, expect, test } from 'vitest';
import { builderConfigurationInput as schema } from '../../../../../shared/contracts/entities/builder-configuration.ts';
import { builderOf, builderSettings, type ExampleType } from '../../../../support/platform-bodies.ts';
import { pointers } from '../../../../support/pointers.ts';

const refused = (builderType: ExampleType, settings: object) =>
  pointers(schema, builderOf(builderType, settings));

/** Builder type, field, lowest and highest accepted value: the bounds of Packer's builders and of the platforms. */
const numbers: [ExampleType, string, number, number][] = [
  ['amazon-ebs', 'sshHandshakeAttempts', 1, 1000],
  ['amazon-ebs', 'winrmPort', 1, 65_535],
  ['azure-managed', 'osDiskSizeGb', 1, 4095],
  ['azure-gallery', 'sharedImageGalleryReplicaCount', 1, 100],
  ['googlecompute', 'diskSize', 10, 65_536],
  ['googlecompute', 'sshPort', 1, 65_535],
  ['vsphere-iso', 'cpus', 1, 768],
  ['vsphere-iso', 'vmVersion', 4, 30],
  ['vsphere-clone', 'videoRam', 1024, 262_144],
  ['proxmox-iso', 'vmId', 100, 999_999_999],
  ['proxmox-iso', 'cores', 1, 255],
  ['proxmox-clone', 'memory', 16, 4_194_304],
  ['hyperv-iso', 'diskSize', 256, 67_108_864],
  ['hyperv-iso', 'diskBlockSize', 1, 256],
  ['nutanix', 'memoryMb', 256, 4_194_304],
  ['nutanix', 'core', 1, 240],
  ['qemu', 'memory', 16, 4_194_304],
  ['qemu', 'threads', 1, 16],
  ['qemu', 'winrmPort', 1, 65_535],
  ['qemu', 'sshHandshakeAttempts', 1, 1000],
];

describe('numbers', () => {
  test.each(numbers)('%s %s from %i to %i', (type, field, lowest, highest) => {
    const gallery = field === 'sharedImageGalleryReplicaCount';
    const { targetRegion: _regions, ...bare } =
      builderSettings['azure-gallery'].sharedImageGalleryDestination;
    const beside = gallery ? { sharedImageGalleryDestination: bare } : {};
    const tried = (value: unknown) => refused(type, { ...beside, [field]: value });
    for (const good of [lowest, highest]) expect(tried(good)).toEqual([]);
    for (const bad of [lowest - 1, highest + 1, lowest + 0.5, String(lowest), null, Number.MAX_VALUE])
      expect([...new Set(tried(bad))]).toEqual([`/settings/${field}`]);
  });
});

/** Builder type, field, accepted texts, refused texts. */
const texts: [ExampleType, string, unknown[], unknown[]][] = [
  [
    'amazon-ebs',
    'sshUsername',
    ['ec2-user', 'Administrator', 'first.last'],
    ['', 'a b', '-oProxyCommand', '{{ x }}'],
  ],
  [
    'amazon-ebs',
    'spotPrice',
    ['auto', '0.05', '0.00001', '12', '9999.99999'],
    ['0', '0.0', '0.000001', '1e-200', '-1', '10000', '', 0.05, '00.5', '.5'],
  ],
  [
    'amazon-ebs',
    'userData',
    ['#!/bin/sh\n# {{ braces }} ${stay}\n', 'é'.repeat(8192)],
    ['', 'é'.repeat(8193), 'x'.repeat(16_385), '\u0000'],
  ],
  [
    'amazon-ebs',
    'metadataOptions',
    [{}, { httpEndpoint: 'disabled' }, { httpTokens: 'optional', httpPutResponseHopLimit: 64 }],
    [
      { httpTokens: 'v2' },
      { httpPutResponseHopLimit: 65 },
      { httpPutResponseHopLimit: 0 },
      { colour: 1 },
      'required',
    ],
  ],
  ['amazon-ebs', 'imdsSupport', ['v2.0'], ['v1.0', '2.0', true]],
  [
    'azure-managed',
    'spot',
    [{ evictionPolicy: 'Delete', maxPrice: 0.00001 }],
    // DynamoDB keeps no number below 1e-130.
    [1e-200, 0, -1, 0.000009, 10_001].map((maxPrice) => ({ evictionPolicy: 'Delete', maxPrice })),
  ],
  [
    'proxmox-iso',
    'additionalIsoFiles',
    [
      [{ type: 'sata', isoFile: 'local:iso/virtio-win.iso', unmount: true }],
      [{ isoUrl: 'https://x.example/x.iso', isoChecksum: 'none', isoStoragePool: 'local' }],
    ],
    [[{ isoFile: '/etc/passwd' }], [{ isoFile: 'local:iso/x.iso', device: 'ide3' }], 'local:iso/x.iso'],
  ],
  [
    'hyperv-iso',
    'secondaryIsoImages',
    [['D:\\iso\\drivers.iso', 'c:/iso/Windows (1).ISO']],
    [['drivers.iso'], ['D:\\iso\\..\\x.iso'], ['D:\\secret.txt'], 'D:\\x.iso'],
  ],
  [
    'vsphere-iso',
    'configurationParameters',
    [{ 'disk.EnableUUID': 'TRUE', 'svga.autodetect': '' }],
    [
      { 'a b': '1' },
      { a: 1 },
      { a: '{{ x }}' },
      Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ''])),
    ],
  ],
  ['amazon-ebs', 'region', ['us-gov-west-1'], ['EU-WEST-1', 'eu-west', 'eu-west-1a', '']],
  [
    'amazon-ebs',
    'subnetId',
    ['subnet-01234567'],
    ['vpc-01234567', 'subnet-xyz', 'subnet-0123456789abcdef01'],
  ],
  ['azure-managed', 'vmSize', ['Standard_B2ms', 'Basic_A1'], ['B2ms', 'Standard D2', '']],
  [
    'azure-managed',
    'managedImageResourceGroupName',
    ['rg', 'r_g(1).x', 'x'.repeat(90)],
    ['rg.', 'rg-', '_rg', 'x'.repeat(91), 'r g'],
  ],
  ['azure-managed', 'location', ['westeurope', 'West US 3'], ['west-europe', '', ' west', 'x']],
  ['azure-managed', 'licenseType', ['RHEL_BYOS'], ['Windows', '']],
  [
    'azure-managed',
    'pollingDurationTimeout',
    ['15m', '1h30m', '1.5h', '168h'],
    ['15', 'fifteen', '15 m', '-1m', '168h1ms', '658199576m'],
  ],
  [
    'googlecompute',
    'zone',
    ['us-central1-a', 'northamerica-northeast1-b'],
    ['europe-west1', 'europe-west1-bb', 'EUROPE-WEST1-B'],
  ],
  [
    'googlecompute',
    'imageFamily',
    ['a', 'web-base', `a${'b'.repeat(62)}`],
    ['Web', '1web', 'web-', 'web_base', `a${'b'.repeat(63)}`],
  ],
  ['googlecompute', 'imageStorageLocations', [['eu'], ['europe-west1']], [['eu', 'us'], [], 'eu']],
  [
    'googlecompute',
    'subnetwork',
    [
      'build',
      'projects/p/regions/r/subnetworks/s',
      'https://www.googleapis.com/compute/v1/projects/p/regions/r/subnetworks/s',
    ],
    ['Build', 'file:///etc/passwd', 'http://metadata.google.internal/x', 'a b'],
  ],
  ['vsphere-iso', 'guestOsType', ['ubuntu64Guest'], ['ubuntu 64', 'x']],
  ['vsphere-iso', 'bootOrder', ['disk,cdrom', 'ethernet'], ['disk cdrom', 'usb', '']],
  [
    'vsphere-clone',
    'macAddress',
    ['00:50:56:AB:cd:01'],
    ['005056abcd01', '00:50:56:ab:cd', 'g0:50:56:ab:cd:01'],
  ],
  ['proxmox-iso', 'isoStoragePool', ['local', 'nfs.1'], ['1local', 'lo cal', 'local:iso']],
  [
    'proxmox-iso',
    'serials',
    [['socket', '/dev/ttyS0']],
    [['/etc/passwd'], ['/dev/../etc'], Array(5).fill('socket')],
  ],
  [
    'proxmox-clone',
    'ipconfig',
    [[{ ip: 'dhcp' }]],
    [[{ ip: '10.0.0.1' }], [{ gateway: 'x' }], [{ colour: 1 }]],
  ],
  ['hyperv-iso', 'switchVlanId', ['20'], ['020', '']],
  ['hyperv-iso', 'vlanId', ['1', '4094'], ['0', '4095', 7]],
  [
    'hyperv-iso',
    'tempPath',
    ['D:\\temp\\packer', 'C:/temp'],
    ['temp', '..\\temp', 'C:\\..\\Windows', 'C:\\a\\..', '\\\\server\\share'],
  ],
  ['nutanix', 'clusterUuid', [], ['not-a-uuid', '0005-1']],
  ['nutanix', 'userData', ['I2Nsb3VkLWNvbmZpZwo='], ['#cloud-config', '{{user_data}}']],
  ['qemu', 'diskSize', ['40G', '5000', '1t'], ['0', '40GB', '4O', '-1']],
  ['qemu', 'diskAdditionalSize', [['1G', '2048']], [['big'], '1G']],
  [
    'qemu',
    'outputDirectory',
    ['/srv/images', 'D:\\images'],
    ['images', '/srv/../etc', '/srv/..', '~', '/srv/$HOME', '/srv/{{x}}'],
  ],
  ['qemu', 'machineType', ['q35', 'pc-q35-7.2'], ['q35,accel=kvm', '']],
  ['qemu', 'cpuModel', ['host', 'Skylake-Client,+vmx'], ['-drive', '$(id)']],
  ['qemu', 'sshUsername', ['root', 'DOMAIN.user'], ['ro ot', '', 'x'.repeat(65), 'root;id']],
];

describe('texts and lists', () => {
  test.each(texts)('%s %s', (type, field, good, bad) => {
    const beside = { macAddress: { network: 'VM Network' }, clusterUuid: { clusterName: undefined } }[field];
    const tried = (value: unknown) => refused(type, { ...beside, [field]: value });
    for (const value of good) expect([value, tried(value)]).toEqual([value, []]);
    for (const value of bad) {
      const found = tried(value);
      expect([value, found.length > 0 && found.every((one) => one.startsWith(`/settings/${field}`))]).toEqual(
        [value, true],
      );
    }
  });

  test('a text longer than any name is refused before it is looked at', () => {
    expect(refused('qemu', { machineType: 'a'.repeat(100_000) })).toEqual(['/settings/machineType']);
  });
});

const volume = (fields: object) => ({ launchBlockDeviceMappings: [{ deviceName: 'sda1', ...fields }] });
/** Builder type, settings that do not go together, fields to blame. */
const rules: [string, ExampleType, object, string[]][] = [
  [
    'a spot instance that would be changed',
    'amazon-ebs',
    { spotPrice: 'auto', enaSupport: true },
    ['enaSupport'],
  ],
  [
    'user data beside that which opens WinRM',
    'amazon-ebs',
    { userData: '#!/bin/sh\n', winrmPort: 5986 },
    ['userData'],
  ],
  ['a KMS key without encryption', 'amazon-ebs', { encryptBoot: false }, ['kmsKeyId', 'regionKmsKeyIds']],
  [
    'throughput of another volume',
    'amazon-ebs',
    volume({ volumeType: 'gp2', throughput: 125 }),
    ['launchBlockDeviceMappings/0/throughput'],
  ],
  [
    'iops beyond those of gp3',
    'amazon-ebs',
    volume({ volumeType: 'gp3', iops: 2999 }),
    ['launchBlockDeviceMappings/0/iops'],
  ],
  [
    'iops beyond the size',
    'amazon-ebs',
    volume({ volumeType: 'io1', iops: 510, volumeSize: 10 }),
    ['launchBlockDeviceMappings/0/iops'],
  ],
  ['iops of the default volume', 'amazon-ebs', volume({ iops: 3000 }), ['launchBlockDeviceMappings/0/iops']],
  ['location and group', 'azure-managed', { buildResourceGroupName: 'build' }, ['location']],
  ['neither location nor group', 'azure-managed', { location: undefined }, ['location']],
  [
    'a subnet of no network',
    'azure-managed',
    { virtualNetworkName: undefined },
    ['virtualNetworkResourceGroupName', 'virtualNetworkSubnetName'],
  ],
  [
    'a firewall in a given network',
    'azure-managed',
    { allowedInboundIpAddresses: ['10.0.0.0/8'] },
    ['allowedInboundIpAddresses'],
  ],
  [
    'trusted launch without its parts',
    'azure-gallery',
    { secureBootEnabled: false, vtpmEnabled: undefined },
    ['secureBootEnabled', 'vtpmEnabled'],
  ],
  [
    'two counts of replicas',
    'azure-gallery',
    { sharedImageGalleryReplicaCount: 3 },
    ['sharedImageGalleryReplicaCount'],
  ],
  ['no address at all', 'googlecompute', { useInternalIp: false }, ['useInternalIp']],
  ['a reserved address that is left out', 'googlecompute', { address: 'ip-1' }, ['address']],
  [
    'a GPU that may be migrated',
    'googlecompute',
    { acceleratorType: 'nvidia-t4', acceleratorCount: 1 },
    ['onHostMaintenance'],
  ],
  [
    'GPUs of no type',
    'googlecompute',
    { acceleratorCount: 1, onHostMaintenance: 'TERMINATE' },
    ['acceleratorType'],
  ],
  [
    'a preemptible VM that is migrated',
    'googlecompute',
    { preemptible: true, onHostMaintenance: 'MIGRATE' },
    ['onHostMaintenance'],
  ],
  ['a region of another zone', 'googlecompute', { region: 'europe-west4' }, ['region']],
  ['integrity without a TPM', 'googlecompute', { enableIntegrityMonitoring: true }, ['enableVtpm']],
  [
    'two service accounts',
    'googlecompute',
    { disableDefaultServiceAccount: true, serviceAccountEmail: 'a@b.iam.gserviceaccount.com' },
    ['serviceAccountEmail'],
  ],
  ['no place', 'vsphere-iso', { cluster: undefined }, ['cluster']],
  ['two datastores', 'vsphere-iso', { datastoreCluster: 'x' }, ['datastoreCluster']],
  ['a TPM under BIOS', 'vsphere-iso', { firmware: 'bios' }, ['firmware']],
  [
    'a disk of no controller',
    'vsphere-iso',
    { storage: [{ diskSize: 1 }, { diskSize: 1, diskControllerIndex: 1 }] },
    ['storage/1/diskControllerIndex'],
  ],
  [
    'template and library',
    'vsphere-iso',
    { contentLibraryDestination: { library: 'golden' } },
    ['convertToTemplate'],
  ],
  ['a linked clone of another size', 'vsphere-clone', { diskSize: 1 }, ['diskSize']],
  ['a MAC address of no network', 'vsphere-clone', { network: undefined }, ['network']],
  ['UEFI without its disk', 'proxmox-iso', { efiConfig: undefined }, ['efiConfig']],
  ['an I/O thread of another controller', 'proxmox-iso', { scsiController: 'lsi' }, ['disks/0/ioThread']],
  [
    'queues of another card',
    'proxmox-iso',
    { networkAdapters: [{ bridge: 'vmbr0', packetQueues: 2 }] },
    ['networkAdapters/0/packetQueues'],
  ],
  ['an ISO from nowhere', 'proxmox-iso', { additionalIsoFiles: [{}] }, ['additionalIsoFiles/0/isoFile']],
  [
    'an ISO by URL without its checksum and place',
    'proxmox-clone',
    { additionalIsoFiles: [{ isoUrl: 'https://x.example/x.iso' }] },
    ['additionalIsoFiles/0/isoChecksum', 'additionalIsoFiles/0/isoStoragePool'],
  ],
  ['more ballooning than memory', 'proxmox-iso', { ballooningMinimum: 4096 }, ['ballooningMinimum']],
  [
    'more addresses than cards',
    'proxmox-clone',
    { ipconfig: [{ ip: 'dhcp' }, { ip: 'dhcp' }] },
    ['ipconfig'],
  ],
  ['an address of no card', 'proxmox-clone', { networkAdapters: undefined }, ['ipconfig']],
  ['a shutdown command of Proxmox', 'proxmox-iso', { shutdownCommand: 'poweroff' }, ['shutdownCommand']],
  ['a time for Proxmox to shut down', 'proxmox-clone', { shutdownTimeout: '5m' }, ['shutdownTimeout']],
  ['a device of generation 1', 'hyperv-iso', { firstBootDevice: 'Floppy' }, ['firstBootDevice']],
  ['secure boot of generation 1', 'hyperv-iso', { generation: 1 }, ['enableSecureBoot']],
  ['nested virtualisation in 2 GB', 'hyperv-iso', { memory: 2048 }, ['memory']],
  [
    'a fixed disk of generation 2',
    'hyperv-iso',
    { useFixedVhdFormat: true, skipCompaction: true },
    ['useFixedVhdFormat'],
  ],
  [
    'two names of a cluster',
    'nutanix',
    { clusterUuid: '0005b0f1-8f43-a0f2-02b7-3cecef193712' },
    ['clusterName'],
  ],
  ['a card of no subnet', 'nutanix', { vmNics: [{}] }, ['vmNics/0/subnetName']],
  [
    'a disk of no image',
    'nutanix',
    { vmDisks: [{ imageType: 'DISK_IMAGE' }] },
    ['vmDisks/0/sourceImageName'],
  ],
  ['a TPM under BIOS', 'nutanix', { bootType: 'legacy' }, ['bootType']],
  ['a raw image that is compressed', 'qemu', { format: 'raw' }, ['diskCompression']],
  ['a kind of TPM and none', 'qemu', { tpmDeviceType: 'tpm-crb' }, ['vtpm']],
];

describe('settings that do not go together', () => {
  test.each(rules)('%s (%s)', (_case, type, settings, fields) => {
    expect(refused(type, settings).sort()).toEqual(fields.map((field) => `/settings/${field}`));
  });
});

describe('arguments of Packer that are elsewhere or not taken', () => {
  test.each<[ExampleType, string[]]>([
    ['amazon-ebs', ['amiName', 'winrmUseSsl', 'sourceAmi', 'userDataFile']],
    ['azure-managed', ['managedImageName']],
    ['googlecompute', ['imageName', 'instanceName']],
    ['vsphere-iso', ['vmName', 'vcenterServer', 'isoUrl', 'CPUs', 'RAM']],
    ['vsphere-clone', ['template']],
    ['proxmox-iso', ['proxmoxUrl', 'bootIso', 'templateName']],
    ['hyperv-iso', ['isoUrl', 'bootCommand']],
    ['nutanix', ['nutanixEndpoint', 'osType']],
    ['qemu', ['qemuargs', 'diskImage', 'vmName']],
  ])('%s says why', (type, fields) => {
    const parsed = schema.safeParse(builderOf(type, Object.fromEntries(fields.map((field) => [field, 'x']))));
    const said = (parsed.error?.issues ?? []).filter(({ code }) => code === 'custom');
    expect(said.map(({ path }) => String(path.at(-1))).sort()).toEqual([...fields].sort());
    expect(said.every(({ message }) => /is (in|made|spelled|not|the)|follows/.test(message))).toBe(true);
  });
});
