import { describe, expect, it } from 'vitest';
import { qemu } from '../../../../../shared/platforms/qemu/index.ts';
import { run } from '../../packer/fixtures.ts';
import { cases } from './cases.ts';

const [linux] = cases;
if (linux === undefined) throw new Error('no case');
const { snapshot, artifact } = linux;
const read = (files: string[] | undefined, host?: string) =>
  qemu.readArtifact({ ...artifact, files }, { snapshot, run, accountId: '', host });

describe('what QEMU’s output says of the machine', () => {
  it('is the port that leads to it (S83)', () => {
    const at = '127.0.0.1:3087';
    const fact = { buildVm: { kind: 'qemu-vm', locator: at, address: at } };
    for (const line of [
      '==> qemu.image: Found port for communicator (SSH, WinRM, etc): 3087.',
      'Found port for communicator (SSH, WinRM, etc): 3087.',
    ])
      expect(qemu.readOutput(line)).toEqual(fact);
  });

  it('is its address where it is at a bridge', () => {
    expect(qemu.readOutput('==> qemu.image: Using ssh communicator to connect: 192.168.122.7')).toEqual({
      buildVm: { kind: 'qemu-vm', locator: '192.168.122.7', address: '192.168.122.7' },
    });
    expect(qemu.readOutput('==> qemu.image: Using ssh communicator to connect: 127.0.0.1')).toEqual({});
  });
});

describe('where the image of QEMU is (S129)', () => {
  it('is the one file that is called as it, on the machine that ran Packer', () => {
    const path = '/srv/Web-Base-v7-run_1/Web-Base-v7';
    const files = [`${path}-1`, '/srv/Web-Base-v7/efivars.fd', path];
    expect(read(files, 'builder-3')).toEqual([{ role: 'primary', host: 'builder-3', path }]);
    expect(read(files)).toEqual([{ role: 'primary', host: 'agent', path }]);
  });

  it.each([[undefined], [[]], [['/srv/Web-Base-v7/Web-Base-v8']], [['/srv/Web-Base-v7/']]])(
    'is nowhere when it is not among the files: %j',
    (files) => {
      expect(read(files)).toEqual([]);
    },
  );
});
