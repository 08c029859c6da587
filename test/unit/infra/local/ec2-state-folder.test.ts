import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { reapVms, recordProcess } from '../../../../infra/local/standins/ec2/vm/processes.ts';
import {
  isImageId,
  isInstanceId,
  prepareStateFolder,
  readImageDisks,
  readSpecs,
  vmFolder,
  writeSpec,
} from '../../../../infra/local/standins/ec2/vm/state-folder.ts';

const spec = {
  instanceId: 'i-0a',
  imageId: 'ami-0b',
  address: '127.77.0.4',
  authorizedKeys: 'ssh-rsa AAAA',
  userData: '',
};
let stateDir: string;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'state-'));
  await prepareStateFolder(stateDir);
});
afterEach(() => rm(stateDir, { recursive: true, force: true }));

test('takes no id that could lead out of the folder', () => {
  expect(['i-0a', 'i-../x', '../i-0a', 'i-', ''].map(isInstanceId)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(['ami-0b', 'ami-0b/..', 'ami-'].map(isImageId)).toEqual([true, false, false]);
});

test('reads back the VMs that were written, and clears one whose making was interrupted', async () => {
  await mkdir(vmFolder(stateDir, 'i-0a'));
  await mkdir(vmFolder(stateDir, 'i-0c'));
  await writeSpec(stateDir, spec);
  expect(await readSpecs(stateDir)).toEqual([spec]);
  expect(await readdir(join(stateDir, 'vms'))).toEqual(['i-0a']);
});

test('counts only whole disks', async () => {
  const names = ['ami-0b.qcow2', 'ami-0c.qcow2.new', 'notes.txt'];
  for (const name of names) await writeFile(join(stateDir, 'disks', name), '');
  expect([...(await readImageDisks(stateDir)).keys()]).toEqual(['ami-0b']);
});

test('never kills a process that has taken the id of a VM, nor this one', async () => {
  await mkdir(vmFolder(stateDir, 'i-0a'));
  await recordProcess(stateDir, 'i-0a', process.pid);
  expect(await reapVms(stateDir)).toEqual([]);
  await writeFile(
    join(vmFolder(stateDir, 'i-0a'), 'process.json'),
    JSON.stringify({ pid: process.pid, startTime: '1' }),
  );
  expect(await reapVms(stateDir)).toEqual([]);
});
