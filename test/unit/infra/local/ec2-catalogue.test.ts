import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue } from '../../../../infra/local/standins/ec2/catalogue.ts';
import { qemuArguments } from '../../../../infra/local/standins/ec2/vm/qemu-arguments.ts';

const folder = join(import.meta.dirname, '../../../../infra/local/standins/ec2');

test('the public images differ in id, name and date, so that the newest of a kind is one', () => {
  for (const field of ['ami_id', 'name', 'creation_date'] as const) {
    expect(new Set(catalogue.map((image) => image[field])).size).toBe(catalogue.length);
  }
});

test('every Python package is pinned to one version', async () => {
  const lines = (await readFile(join(folder, 'requirements.txt'), 'utf8')).split('\n');
  const packages = lines.filter((line) => line !== '' && !line.startsWith('#'));
  expect(packages.filter((line) => !/^[\w.-]+==[\d.]+(post\d+)?(; .+)?$/.test(line))).toEqual([]);
  expect(packages).toContain('moto==5.2.5');
});

test('a guest has no network but its forwarded SSH port', () => {
  const settings = {
    accelerator: 'tcg',
    memoryMib: 192,
    disk: '/a,b/disk.qcow2',
    metadataFolder: '/m',
    consoleLog: '/c',
  } as const;
  const args = qemuArguments({ ...settings, ssh: { address: '127.77.0.4', port: 2222 } });
  expect(args.filter((arg) => arg.startsWith('user,'))).toEqual([
    'user,id=net0,restrict=on,hostfwd=tcp:127.77.0.4:2222-:22',
  ]);
  expect(args).toContain('file=/a,,b/disk.qcow2,if=virtio,format=qcow2,discard=unmap');
});
