import type { Sample } from './samples.ts';

const line = (title: string, errorId: Sample['errorId'], text: string): Sample => ({
  title,
  from: 'packer-plugin-vsphere and -proxmox, recorded against a Proxmox of loopback',
  errorId,
  lines: [[null, text]],
});
const vsphere = (text: string) => `Build 'vsphere-clone.image' errored after 2 seconds: ${text}`;
const proxmox = (text: string) =>
  `Build 'proxmox-clone.image' errored after 6 seconds 61 milliseconds: ${text}`;

/** Error lines of the vSphere and Proxmox builders: recorded against a Proxmox of loopback, or taken from their sources. */
export const hypervisorSamples: Sample[] = [
  line(
    'a wrong password of vCenter (S149)',
    'credentials-invalid',
    vsphere('ServerFaultCode: Cannot complete login due to an incorrect user name or password.'),
  ),
  line(
    'a wrong password of Proxmox, Packer 1.6 (S149)',
    'credentials-invalid',
    proxmox('401 authentication failure'),
  ),
  line(
    'a wrong password of Proxmox, modern Packer (S149)',
    'credentials-invalid',
    proxmox('401 Unauthorized'),
  ),
  line(
    'a wrong token of Proxmox (S149)',
    'credentials-invalid',
    proxmox('Could not retrieve VM: 401 No ticket'),
  ),
  line(
    'a missing permission in vSphere (S150)',
    'permission-denied',
    vsphere('ServerFaultCode: Permission to perform this operation was denied.'),
  ),
  line(
    'a missing permission on Proxmox (S150)',
    'permission-denied',
    proxmox('Error creating VM: 403 Permission check failed (/vms/100, VM.Clone)'),
  ),
  line(
    'a machine with the name of the image',
    'image-name-taken',
    vsphere('templates/Web-Base-v7 already exists, you can use -force flag to destroy it: <nil>'),
  ),
  line(
    'a template that vSphere does not have, Packer 1.6',
    'base-image-not-found',
    vsphere("Error finding vm to clone: vm 'debian-12' not found"),
  ),
  line(
    'a template that vSphere does not have, modern Packer',
    'base-image-not-found',
    vsphere("error finding virtual machine to clone: vm 'debian-12' not found"),
  ),
  line(
    'a template that Proxmox does not have',
    'base-image-not-found',
    proxmox("Error creating VM: Vm 'debian-12' not found"),
  ),
  line(
    'a network that vSphere does not have (S162)',
    'network-not-found',
    vsphere("error creating virtual machine: network 'VLAN 7' not found"),
  ),
  line(
    'a bridge that the node does not have (S162)',
    'network-not-found',
    proxmox("Error starting VM: bridge 'vmbr9' does not exist"),
  ),
  line(
    'a datastore that vSphere does not have (S162)',
    'builder-setting-invalid',
    vsphere("error creating virtual machine: datastore 'nfs' not found"),
  ),
  line(
    'a storage that Proxmox does not have (S162)',
    'builder-setting-invalid',
    proxmox("Error creating VM: 500 storage 'fast' does not exist"),
  ),
  line(
    'a node that the cluster does not have (S162)',
    'builder-setting-invalid',
    proxmox("Error creating VM: 500 hostname lookup 'pve9' failed - failed to get address info for: pve9"),
  ),
  line(
    'a machine without an address',
    'build-vm-not-ready',
    '==> vsphere-iso.image: timeout waiting for IP address',
  ),
  line(
    'a certificate that nobody vouches for',
    'certificate-untrusted',
    proxmox(
      'Post "https://pve:8006/api2/json/access/ticket": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ),
  ),
];
