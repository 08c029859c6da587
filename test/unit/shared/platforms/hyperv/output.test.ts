import { describe, expect, it } from 'vitest';
import { hyperv } from '../../../../../shared/platforms/hyperv/index.ts';
import { run } from '../../packer/fixtures.ts';
import { cases } from './cases.ts';

const [linux] = cases;
if (linux === undefined) throw new Error('no case');
const { snapshot, artifact } = linux;
const read = (files: string[]) =>
  hyperv.readArtifact({ ...artifact, files }, { snapshot, run, accountId: '', host: 'hv-1' });

describe('what Hyper-V’s output says of the machine', () => {
  it('is its address (S83)', () => {
    const at = { kind: 'hyperv-vm', locator: '172.20.1.7', address: '172.20.1.7' };
    for (const word of ['ssh', 'winrm', 'WinRM'])
      expect(
        hyperv.readOutput(`==> hyperv-iso.image: Using ${word} communicator to connect: 172.20.1.7`),
      ).toEqual({
        buildVm: at,
      });
  });
});

describe('where the image of Hyper-V is (S129)', () => {
  it.each(['D:\\images\\Web-Base-v7\\Virtual Hard Disks\\Web-Base-v7.vhdx', 'D:/images/x/Web-Base-v7.vhd'])(
    'is its system disk: %s',
    (path) => {
      expect(read(['D:\\images\\x\\Web-Base-v7-0.vhdx', path])).toEqual([
        { role: 'primary', host: 'hv-1', path },
      ]);
    },
  );

  it('is nowhere when there is no such disk', () => {
    expect(read(['D:\\images\\x\\Web-Base-v7-0.vhdx', 'D:\\images\\x\\Web-Base-v7.vmcx'])).toEqual([]);
  });
});
