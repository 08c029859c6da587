import { describe, expect, it } from 'vitest';
import { proxmox } from '../../../../../shared/platforms/proxmox/index.ts';
import { run } from '../../packer/fixtures.ts';
import { full } from './cases.ts';

describe('what lines of the Proxmox builders say', () => {
  it.each([
    ['==> proxmox-iso.image: Using ssh communicator to connect: 10.1.2.3', '10.1.2.3'],
    ['==> proxmox-clone.image: Using SSH communicator to connect: fd00::3', 'fd00::3'],
    ['Using winrm communicator to connect: 10.1.2.3', '10.1.2.3'],
  ])('%s', (line, address) => {
    const vm = { kind: 'proxmox-vm', locator: address, address };
    expect(proxmox.readOutput(line)).toEqual({ buildVm: vm });
  });

  it('the disc of an installation is temporary, the ISO of the system is not', () => {
    expect(proxmox.readOutput('==> proxmox-iso.image: Uploaded ISO to local:iso/packer123.iso')).toEqual({
      temporaries: [{ kind: 'proxmox-iso', id: 'local:iso/packer123.iso' }],
    });
    expect(proxmox.readOutput('==> proxmox-iso.image: Uploaded ISO to local:iso/debian-12.iso')).toEqual({});
  });
});

describe('where the image of a Proxmox run is (S129)', () => {
  const context = { snapshot: full['proxmox-clone'].modern, run, accountId: '' };
  const read = (id: string, builderId = 'proxmox.clone') =>
    proxmox.readArtifact({ builderId, id, description: '' }, context);

  it.each(['proxmox.iso', 'proxmox.clone'])('by its id and name, of the builder %s', (builderId) => {
    expect(read('105', builderId)).toEqual([
      { role: 'primary', host: 'proxmox.example.com:8443', path: 'qemu/105', templateName: 'Web-Base-v7' },
    ]);
  });

  it.each(['', '0', '99', '1000000000', 'VM', '105 ', '../105'])('nowhere when the id is "%s"', (id) => {
    expect(read(id)).toEqual([]);
  });
});
