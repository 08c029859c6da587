import { describe, expect, it } from 'vitest';
import type { RunSnapshot } from '../../../../../shared/contracts/snapshot.ts';
import { vsphere } from '../../../../../shared/platforms/vsphere/index.ts';
import { withSettings } from '../../../../support/on-premises.ts';
import { run } from '../../packer/fixtures.ts';
import { full, toLibrary } from './cases.ts';

const vm = (address: string) => ({ buildVm: { kind: 'vsphere-vm', locator: address, address } });

describe('what lines of the vSphere builders say', () => {
  it.each([
    ['==> vsphere-iso.image: IP address: 10.1.2.3', '10.1.2.3'],
    ['IP address: [fd00::3]', 'fd00::3'],
    ['==> vsphere-clone.image: IP address: fd00::3', 'fd00::3'],
    ['==> vsphere-clone.image: Using ssh communicator to connect: 10.1.2.3', '10.1.2.3'],
    ['==> vsphere-clone.image: Using WinRM communicator to connect: 10.1.2.3', '10.1.2.3'],
  ])('%s', (line, address) => {
    expect(vsphere.readOutput(line)).toEqual(vm(address));
  });

  it.each(['packer_cache/', 'packer_cache//packer123.iso'])(
    'the disc of an installation is temporary, at %s',
    (place) => {
      expect(vsphere.readOutput(`==> vsphere-iso.image: Uploading packer123.iso to ${place}...`)).toEqual({
        temporaries: [{ kind: 'vsphere-file', id: 'packer123.iso' }],
      });
    },
  );

  it.each([
    '==> vsphere-iso.image: Uploading debian-12.iso to packer_cache/...',
    '==> vsphere-iso.image: Waiting for IP...',
    'IP address: of the web server',
    'echo IP address: 10.0.0.1',
  ])('nothing: %s', (line) => {
    expect(vsphere.readOutput(line)).toEqual({});
  });
});

describe('where the image of a vSphere run is (S129)', () => {
  const [inFolder] = full['vsphere-clone'].modern;
  if (inFolder === undefined) throw new Error('no case');
  const read = (snapshot: RunSnapshot, id: string, builderId = 'vmware.vsphere') =>
    vsphere.readArtifact({ builderId, id, description: '' }, { snapshot, run, accountId: '' });
  const host = 'vsphere.example.com:8443';

  it.each(['vmware.vsphere', 'jetbrains.vsphere'])(
    'by its folder and name, of the builder %s',
    (builderId) => {
      expect(read(inFolder, 'Web-Base-v7', builderId)).toEqual([
        { role: 'primary', host, path: 'templates/golden/Web-Base-v7', templateName: 'Web-Base-v7' },
      ]);
    },
  );

  it.each([undefined, '/'])('by its name in the root folder, written %s', (folder) => {
    expect(read(withSettings(inFolder, { folder }), 'Web-Base-v7')).toEqual([
      { role: 'primary', host, templateName: 'Web-Base-v7' },
    ]);
  });

  it('by library and item where it is an OVF template', () => {
    const ovf = withSettings(toLibrary['vsphere-iso'], {
      contentLibraryDestination: { library: 'Golden images', ovf: true },
    });
    expect(read(ovf, 'Web-Base-v7')[0]).toMatchObject({ path: 'Golden images/Web-Base-v7' });
  });

  it('by the folder of the machine where the library names none', () => {
    const library = withSettings(toLibrary['vsphere-iso'], { contentLibraryDestination: { library: 'L' } });
    expect(read(library, `goldsmith-${run.runId}`)[0]).toMatchObject({
      path: 'templates/golden/Web-Base-v7',
    });
  });

  it('nowhere when the artifact is another machine', () => {
    expect(read(inFolder, 'Web-Base-v8')).toEqual([]);
    expect(read(toLibrary['vsphere-iso'], 'Web-Base-v7')).toEqual([]);
    expect(read(inFolder, 'Web-Base-v7', 'packer.vsphere')).toEqual([]);
  });
});
