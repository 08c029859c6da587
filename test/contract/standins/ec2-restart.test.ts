import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateImageCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  type Ec2Options,
  type Ec2Standin,
  reapVms,
  startEc2,
} from '../../../infra/local/standins/ec2/index.ts';
import { readStartTime, recordProcess } from '../../../infra/local/standins/ec2/vm/processes.ts';
import { vmFolder } from '../../../infra/local/standins/ec2/vm/state-folder.ts';
import {
  createClient,
  findProcesses,
  launch,
  region,
  ssh,
  startForTest,
  stopForTest,
  type TestInstance,
} from './ec2-support.ts';

let options: Ec2Options;
let standin: Ec2Standin;
let client: EC2Client;
let stopped: TestInstance;
let running: TestInstance;
let imageId: string;
let savedFile: string;

async function restart(load?: string): Promise<void> {
  standin = await startEc2({ ...options, ...(load === undefined ? {} : { load }) });
  client = createClient(standin.endpoint);
}

async function states(): Promise<Map<string | undefined, string | undefined>> {
  const answer = await client.send(new DescribeInstancesCommand({}));
  const instances = answer.Reservations?.flatMap((reservation) => reservation.Instances ?? []) ?? [];
  return new Map(instances.map((instance) => [instance.InstanceId, instance.State?.Name]));
}

beforeAll(async () => {
  ({ options, standin, client } = await startForTest());
  savedFile = join(options.stateDir, '..', 'account');
  const subnetId = standin.networks[region]?.subnetId ?? '';
  [stopped, running] = await Promise.all([launch(client, subnetId), launch(client, subnetId)]);
  await ssh(stopped, 'echo kept >~/kept');
  await client.send(new StopInstancesCommand({ InstanceIds: [stopped.instanceId] }));
  const image = await client.send(
    new CreateImageCommand({ InstanceId: stopped.instanceId, Name: 'kept-v1', Description: 'kept' }),
  );
  imageId = image.ImageId ?? '';
  await client.send(new CreateTagsCommand({ Resources: [imageId], Tags: [{ Key: 'kept', Value: 'yes' }] }));
  await client.send(
    new CreateSecurityGroupCommand({
      GroupName: 'kept',
      Description: 'kept',
      VpcId: standin.networks[region]?.vpcId,
    }),
  );
  await standin.save(savedFile);
});
afterAll(() => stopForTest(options, standin));

test('stopping ends the VMs and both processes', async () => {
  const { pids } = standin;
  await standin.stop();
  expect(await findProcesses(options.stateDir)).toEqual([]);
  expect([await readStartTime(pids.launcher), await readStartTime(pids.manager)]).toEqual([
    undefined,
    undefined,
  ]);
});

test('images with tags and description, key pairs, groups and the network outlive a restart', async () => {
  const { networks } = standin;
  await restart(savedFile);
  const images = await client.send(new DescribeImagesCommand({ Owners: ['self'] }));
  const groups = await client.send(new DescribeSecurityGroupsCommand({ GroupNames: ['kept'] }));
  const keys = await client.send(new DescribeKeyPairsCommand({}));
  expect(images.Images).toMatchObject([
    { ImageId: imageId, Description: 'kept', Tags: [{ Key: 'kept', Value: 'yes' }] },
  ]);
  expect([groups.SecurityGroups?.length, keys.KeyPairs?.length]).toEqual([1, 2]);
  expect(standin.networks).toEqual(networks);
});

test('a running instance is terminated by a restart, a stopped one can be started with its disk', async () => {
  expect(await states()).toEqual(
    new Map([
      [running.instanceId, 'terminated'],
      [stopped.instanceId, 'stopped'],
    ]),
  );
  await client.send(new StartInstancesCommand({ InstanceIds: [stopped.instanceId] }));
  expect(await ssh(stopped, 'cat ~/kept')).toBe('kept');
});

test('a built image boots after a restart', async () => {
  const instance = await launch(client, standin.networks[region]?.subnetId ?? '', { imageId });
  expect(await ssh(instance, 'cat ~/kept')).toBe('kept');
});

test('killing both processes without warning leaves no VM, and the next start goes on from the saved state', async () => {
  expect(await findProcesses(options.stateDir)).toHaveLength(2);
  for (const pid of Object.values(standin.pids)) process.kill(pid, 'SIGKILL');
  await vi.waitFor(async () => expect(await findProcesses(options.stateDir)).toEqual([]), {
    timeout: 5000,
    interval: 50,
  });
  await standin.stop();
  await restart(savedFile);
  expect(await (await fetch(`${standin.managerUrl}/vms`)).json()).toMatchObject([
    { instanceId: stopped.instanceId, state: 'stopped' },
  ]);
});

test('VM processes that are left in a state folder are reaped, and only those', async () => {
  await standin.stop();
  const [left, stranger] = ['i-00000000000000001', 'i-00000000000000002'];
  for (const id of [left, stranger]) await mkdir(vmFolder(options.stateDir, id), { recursive: true });
  const own = spawn('sh', ['-c', 'sleep 60; :', join(vmFolder(options.stateDir, left), 'disk.qcow2')]);
  const other = spawn('sleep', ['60']);
  await recordProcess(options.stateDir, left, own.pid ?? 0);
  await recordProcess(options.stateDir, stranger, other.pid ?? 0);
  const ended = once(own, 'exit');
  expect(await reapVms(options.stateDir)).toEqual([{ instanceId: left, pid: own.pid }]);
  await ended;
  expect(await readStartTime(other.pid ?? 0)).toBeDefined();
  other.kill();
});

test('without a saved state the account is empty and its old disks are gone', async () => {
  await rm(savedFile);
  await restart();
  expect(await states()).toEqual(new Map());
  expect(await (await fetch(`${standin.managerUrl}/disks`)).json()).toEqual({});
  expect(await (await fetch(`${standin.managerUrl}/vms`)).json()).toEqual([]);
});

test('a start that cannot succeed says where the log is and leaves no process', async () => {
  const blocked = {
    ...options,
    port: options.managerPort,
    stateDir: join(options.stateDir, '..', 'other'),
    venvDir: '/nonexistent',
  };
  await expect(startEc2(blocked)).rejects.toThrow(options.log);
  expect(await findProcesses(blocked.stateDir)).toEqual([]);
});
