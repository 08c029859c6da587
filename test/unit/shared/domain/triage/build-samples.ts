import type { ErrorId } from '../../../../../shared/domain/triage/catalogue.ts';
import { alone } from './runner-samples.ts';
import type { Sample } from './samples.ts';

/** An error of Packer as it tells it: when it happens, in its last word and in its repetition. */
const packer = (title: string, errorId: ErrorId, from: string, text: string): Sample => ({
  title,
  from,
  errorId,
  lines: [
    [null, text],
    [null, `Build 'amazon-ebs.image' errored after 3 minutes 2 seconds: ${text}`],
    [null, "==> Some builds didn't complete successfully and had errors:"],
    [null, `--> amazon-ebs.image: ${text}`],
  ],
  explains: 0,
});

const EC2 = 'Error codes for the Amazon EC2 API (AWS documentation)';

/** What Packer and its plugins say of the way to the platform, the platform and the machine that they run on. */
export const buildSamples: Sample[] = [
  packer(
    'a clock that is wrong',
    'clock-skewed',
    'AWS General Reference, signature errors',
    'Error querying AMI: operation error EC2: DescribeImages, api error SignatureDoesNotMatch: Signature expired: 20260701T101010Z is now earlier than 20260701T103000Z',
  ),
  packer(
    'a proxy that wants a login',
    'proxy-refused',
    "Go's net/http, transport.go",
    'error validating regions: RequestError: send request failed caused by: Post "https://ec2.eu-west-1.amazonaws.com/": Proxy Authentication Required',
  ),
  packer(
    'a proxy that is not there',
    'proxy-refused',
    "Go's net/http, transport.go",
    'Post "https://ec2.eu-west-1.amazonaws.com/": proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused',
  ),
  packer(
    'an authority that the runner does not know',
    'certificate-untrusted',
    "Go's crypto/x509",
    'Post "https://vcenter.example.test/sdk": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  ),
  packer(
    'an SSH server of other algorithms',
    'ssh-algorithm-mismatch',
    'github.com/appleboy/ssh-action/issues/170',
    'Error waiting for SSH: ssh: handshake failed: ssh: no common algorithm for host key; client offered: [ssh-rsa ssh-dss ssh-ed25519], server offered: [rsa-sha2-512 rsa-sha2-256]',
  ),
  packer(
    'an SSH bastion that does not answer',
    'ssh-timeout',
    'packer-plugin-sdk, communicator/ssh/connect.go',
    'Error waiting for SSH: Error connecting to bastion: dial tcp 10.0.0.4:22: i/o timeout',
  ),
  packer(
    'Session Manager without its plugin',
    'session-manager-unavailable',
    'Troubleshooting Session Manager (AWS documentation)',
    'SessionManagerPlugin is not found. Please refer to SessionManager Documentation here',
  ),
  packer(
    'a machine that Session Manager does not know',
    'session-manager-unavailable',
    'Troubleshooting Session Manager (AWS documentation)',
    'operation error SSM: StartSession, api error TargetNotConnected: i-0123456789abcdef0 is not connected.',
  ),
  packer(
    'a WinRM that refuses the password',
    'winrm-authentication',
    'github.com/hashicorp/packer/issues/9400',
    "Error uploading ps script containing env vars: Error uploading file to $env:TEMP\\winrmcp-9c5ec39c.tmp: Couldn't create shell: http response error: 401 - invalid content type",
  ),
  packer(
    'a vCenter without room',
    'storage-full',
    'github.com/Terraform-VMWare-Modules/terraform-vsphere-vm/issues/130',
    "error creating virtual machine: Insufficient disk space on datastore 'PACKER'.",
  ),
  packer(
    'a datastore of volumes without room',
    'storage-full',
    'github.com/jetbrains-infra/packer-builder-vsphere/issues/147',
    "error creating vm: A general system error occurred: Error creating disk Error creating VVol Object. This may be due to insufficient available space on the datastore or the datastore's inability to support the selected provisioning type",
  ),
  packer(
    'a hypervisor without memory',
    'insufficient-capacity',
    'VMware Knowledge Base, InsufficientMemoryResourcesFault',
    'The available Memory resources in the parent resource pool are insufficient for the operation.',
  ),
  packer(
    'a Proxmox that works on the same machine',
    'platform-busy',
    'Proxmox VE, PVE/AbstractConfig.pm',
    'Error converting VM to template: 500 VM is locked (clone)',
  ),
  packer(
    'a spot instance that was taken back',
    'spot-interrupted',
    EC2,
    'Error waiting for instance (i-0123456789abcdef0) to become ready: Server.SpotInstanceTermination: Spot instance termination',
  ),
  packer(
    'a spot price that nobody takes',
    'spot-price-too-low',
    EC2,
    'Error launching source instance: SpotMaxPriceTooLow: Your Spot request price of 0.001 is lower than the minimum required Spot request fulfillment price of 0.0098.',
  ),
  packer(
    'an SSH server that hangs up',
    'ssh-timeout',
    'golang.org/x/crypto/ssh, handshake.go',
    'Error waiting for SSH: ssh: handshake failed: read tcp 10.0.0.9:44444->10.0.0.5:22: read: connection reset by peer',
  ),
  packer(
    'too many networks',
    'quota-exceeded',
    EC2,
    'Error creating temporary security group: VpcLimitExceeded: The maximum number of VPCs has been reached.',
  ),
  packer(
    'a VM of Azure that does not come up',
    'build-vm-not-ready',
    'Microsoft Learn: Troubleshoot common Azure deployment errors, OSProvisioningTimedOut',
    'polling failed: the Azure API returned the following error: Code: "OSProvisioningTimedOut" Message: "OS Provisioning for VM pkrvm did not finish in the allotted time."',
  ),
  packer(
    'a machine type of Google of another architecture',
    'architecture-mismatch',
    'Compute Engine troubleshooting: Arm VMs',
    "Error creating instance: googleapi: Error 400: Invalid resource usage: 'Requested boot disk architecture (X86_64) is not compatible with machine type architecture (ARM64).'., invalidResourceUsage",
  ),
  packer(
    'a switch that Hyper-V does not have',
    'network-not-found',
    'Microsoft Learn: New-VM',
    'Error creating virtual machine: PowerShell error: New-VM : Hyper-V was unable to find a virtual switch with name "LAN".',
  ),
  {
    title: 'an error of Google with empty lines in it',
    from: 'recorded with Packer 1.6.6 against the stand-in of Google Cloud',
    errorId: 'credentials-invalid',
    lines: [
      [
        null,
        "Build 'googlecompute.image' errored after 6 seconds: Error getting source image for instance creation: Could not find image, debian-12, in projects, [debian-cloud]: 1 error occurred:",
      ],
      [null, ''],
      [
        null,
        '\t* Get "https://compute.googleapis.com/debian-12": oauth2: cannot fetch token: 400 Bad Request',
      ],
      [null, '\tResponse: {"error":"invalid_grant","error_description":"Invalid JWT Signature."}'],
      [null, ''],
      [null, "==> Some builds didn't complete successfully and had errors:"],
    ],
    explains: 2,
  },
  packer(
    'too many snapshots',
    'quota-exceeded',
    EC2,
    'Error creating AMI: SnapshotLimitExceeded: Maximum allowed in-progress snapshots for a single volume exceeded',
  ),
  packer(
    'too many copies at once',
    'quota-exceeded',
    EC2,
    'Error Copying AMI (ami-0123456789abcdef0) to region (eu-west-2): ResourceLimitExceeded: Too many AMI copies in progress per destination region',
  ),
  packer(
    'a region that is not switched on',
    'region-invalid',
    EC2,
    'You are not subscribed to this region. Enable it in the console',
  ),
  packer(
    'a machine that somebody removed',
    'build-vm-lost',
    EC2,
    "Error stopping instance: InvalidInstanceID.NotFound: The instance ID 'i-0123456789abcdef0' does not exist",
  ),
  packer(
    'an AMI that takes too long, Packer 1.6',
    'image-creation-timeout',
    'github.com/hashicorp/packer/issues/8415',
    'Error waiting for AMI: ResourceNotReady: exceeded wait attempts',
  ),
  {
    title: 'an AMI that takes too long, in two lines',
    from: 'github.com/scylladb/scylla-machine-image/pull/352',
    errorId: 'image-creation-timeout',
    lines: [
      [
        null,
        "Build 'aws' errored after 31 minutes: Error waiting for AMI: Failed with ResourceNotReady error, which can have a variety of causes. For help troubleshooting, check our docs: https://www.packer.io/docs/builders/amazon.html#resourcenotready-error",
      ],
      [null, 'original error: ResourceNotReady: exceeded wait attempts'],
    ],
    explains: 1,
  },
  packer(
    'a copy that fails',
    'image-copy-failed',
    'github.com/hashicorp/packer/issues/7954',
    'Error waiting for AMI (ami-0123456789abcdef0) in region (us-east-1): ResourceNotReady: failed waiting for successful resource state',
  ),
  packer(
    'an account that does not exist',
    'image-share-target-invalid',
    EC2,
    'Error modify AMI attributes: InvalidAMIAttributeItemValue: Invalid attribute item value "12345" for userId item type.',
  ),
  packer(
    'a tag that the organization does not take',
    'tag-refused',
    'Tag policies (AWS Organizations documentation)',
    "Error launching source instance: TagPolicyViolation: The tag policy does not allow the specified value for the following tag key: 'CostCenter'.",
  ),
  packer(
    'a name that no AMI may have',
    'image-name-invalid',
    'packer-plugin-amazon, common/ami_config.go',
    "AMIName should only contain letters, numbers, parentheses (()), square brackets ([]), spaces ( ), periods (.), slashes (/), dashes (-), single quotes ('), at-signs (@), or underscores(_).",
  ),
  packer(
    'a fault of EC2',
    'platform-fault',
    EC2,
    'Error stopping instance: operation error EC2: StopInstances, api error InternalError: An internal error has occurred',
  ),
  packer(
    'an ISO that is not there any more',
    'base-image-download-failed',
    'packer-plugin-sdk, multistep/commonsteps/step_download.go; go-getter',
    'error downloading ISO: [bad response code: 404]',
  ),
  packer(
    'an ISO of another checksum',
    'base-image-checksum-mismatch',
    'go-getter, checksum.go',
    'error downloading ISO: [Checksums did not match for /cache/5a1b.iso. Expected: 11 Got: 22 *sha256.digest]',
  ),
  packer(
    'keys that cannot be typed',
    'boot-command-failed',
    'packer-plugin-qemu, builder/qemu/step_type_boot_command.go',
    'Error connecting to VNC: dial tcp 127.0.0.1:5937: connect: connection refused',
  ),
  packer(
    'a machine that does not switch off',
    'shutdown-timeout',
    'packer-plugin-qemu, builder/qemu/step_shutdown.go',
    'Timeout while waiting for machine to shut down.',
  ),
  packer(
    'a machine of vSphere that does not switch off',
    'shutdown-timeout',
    'packer-plugin-vsphere, builder/vsphere/common/step_shutdown.go',
    'timeout while waiting for machine to shutdown',
  ),
  packer(
    'a startup script that fails',
    'startup-script-failed',
    'packer-plugin-googlecompute, step_wait_startup_script.go',
    'Error waiting for startup script to finish: Startup script exited with error.',
  ),
  alone(
    'a machine without KVM',
    'hypervisor-unusable',
    'github.com/hashbang/airgap/issues/3',
    'Qemu stderr: Could not access KVM kernel module: No such file or directory',
  ),
  packer(
    'a QEMU that does not start',
    'hypervisor-unusable',
    'packer-plugin-qemu, builder/qemu/driver.go',
    'Error launching VM: Qemu failed to start. Please run with PACKER_LOG=1 to get more info.',
  ),
  packer(
    'a user who may not use Hyper-V',
    'hypervisor-unusable',
    'packer-plugin-hyperv, builder/hyperv/common/driver_ps_4.go',
    "Failed creating Hyper-V driver: Current user is not a member of 'Hyper-V Administrators' or 'Administrators' group",
  ),
  packer(
    'a runner that makes no discs',
    'runner-tool-missing',
    'packer-plugin-sdk, multistep/commonsteps/step_create_cdrom.go',
    'could not find a supported CD ISO creation command (the supported commands are: xorriso, mkisofs, hdiutil, oscdimg)',
  ),
  packer(
    'a runner without room',
    'runner-disk-full',
    "Go's syscall.ENOSPC in packer-plugin-qemu",
    'Error converting hard drive: QemuImg error: qemu-img: error while writing at byte 0: No space left on device',
  ),
  {
    title: 'a host of plugins with a limit',
    from: 'github.com/stackhpc/ansible-slurm-appliance/pull/729',
    errorId: 'packer-plugin-download-failed',
    lines: [
      [null, 'Failed getting the "github.com/hashicorp/amazon" plugin:'],
      [null, '1 error occurred:'],
      [
        null,
        '\t* Plugin host rate limited the plugin getter. Try again in 3m52s. HINT: Set the PACKER_GITHUB_API_TOKEN env var with a token to get more requests.',
      ],
    ],
    explains: 0,
  },
  {
    title: 'a host of plugins that cannot be reached',
    from: 'github.com/hashicorp/packer/pull/11330',
    errorId: 'packer-plugin-download-failed',
    lines: [
      [null, 'Failed getting the "github.com/hashicorp/amazon" plugin:'],
      [
        null,
        '\t* Get "https://api.github.com/repos/hashicorp/packer-plugin-amazon": dial tcp: lookup api.github.com: no such host',
      ],
    ],
    explains: 0,
  },
  {
    title: 'an error of Azure inside of others',
    from: 'packer-plugin-azure, azure_error_response_test (nested)',
    errorId: 'quota-exceeded',
    lines: [
      [null, 'ERROR: -> DeploymentFailed : At least one resource deployment operation failed.'],
      [
        null,
        'ERROR:   -> QuotaExceeded : Operation results in exceeding quota limits of Core. Maximum allowed: 10.',
      ],
      [null, "Build 'azure-arm.image' errored after 2 minutes: the deployment failed, see above"],
    ],
    explains: 1,
  },
];
