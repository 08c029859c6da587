import type { Rule } from './rule.ts';

/** vCenter (govmomi and Packer's vSphere builders), Proxmox, Hyper-V, Nutanix and QEMU, by the sentences that Packer prints. */
export const hypervisorRules: readonly Rule[] = [
  {
    errorId: 'hypervisor-unusable',
    pattern:
      /Could not access KVM kernel module|failed to initialize kvm|Qemu failed to start|Failed creating (Qemu|Hyper-V) driver|Hyper-V module is not loaded|member of 'Hyper-V Administrators'/i,
  },
  {
    errorId: 'credentials-invalid',
    pattern:
      /Cannot complete login due to an incorrect user name or password|^(Could not retrieve VM: )?401 (authentication|Unauthorized|No ticket|invalid|permission denied - invalid)/,
  },
  {
    errorId: 'permission-denied',
    pattern: /Permission to perform this operation was denied|403 Permission check failed/,
  },
  {
    errorId: 'storage-full',
    pattern:
      /Insufficient disk space on datastore|[Nn]ot enough (free )?space|contains no available datastores|insufficient available space on the datastore|free space threshold/,
  },
  {
    errorId: 'insufficient-capacity',
    pattern:
      /resources in the parent resource pool are insufficient|[Ii]nsufficient resources to|Not enough memory (in the system to start|resources are available)|cannot set up guest memory/,
  },
  { errorId: 'image-name-taken', pattern: /already exists, you can use -force flag to destroy it/ },
  {
    errorId: 'base-image-not-found',
    pattern:
      /[Ee]rror finding (vm|virtual machine) to clone|\b[Vv]m '[^']{1,200}' not found|source image .{1,200} (not found|does not exist)/i,
  },
  {
    errorId: 'network-not-found',
    pattern:
      /\bnetwork '[^']{1,200}' not found|[Bb]ridge '[^']{1,200}' does not exist|error resolving subnet by (UUID|name)|Error getting the bridge |unable to find a virtual switch/,
  },
  {
    errorId: 'builder-setting-invalid',
    pattern:
      /\b(datacenter|datastore|host|cluster|compute resource|folder|resource pool) '[^']{0,200}' not found|\b(cluster|category|GPU) \S{1,200} not found|storage '[^']{1,200}' does not exist|hostname lookup '[^']{1,200}' failed/,
  },
  {
    errorId: 'platform-busy',
    pattern:
      /VM is locked|AnotherOperationInProgress|TaskInProgress|another task is already in progress|can't lock file|operation is not allowed in the current state/i,
  },
  { errorId: 'build-vm-not-ready', pattern: /^(Timeout|timeout) waiting for IP address/ },
];
