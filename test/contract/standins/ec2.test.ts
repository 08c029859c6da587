import {
  CopyImageCommand,
  CreateImageCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  type EC2Client,
  EnableImageDeprecationCommand,
  ModifyImageAttributeCommand,
  RebootInstancesCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { Ec2Options, Ec2Standin } from '../../../infra/local/standins/ec2/index.ts';
import {
  createClient,
  debianImageId,
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
let subnetId: string;

beforeAll(async () => {
  ({ options, standin, client } = await startForTest());
  subnetId = standin.networks[region]?.subnetId ?? '';
});
afterAll(() => stopForTest(options, standin));

async function stateOf(instanceId: string): Promise<string | undefined> {
  const answer = await client.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
  return answer.Reservations?.[0]?.Instances?.[0]?.State?.Name;
}

async function manager(path: string): Promise<unknown> {
  return (await fetch(`${standin.managerUrl}${path}`)).json();
}

async function disks(): Promise<Record<string, string>> {
  return z.record(z.string(), z.string()).parse(await manager('/disks'));
}

/** Refusals are told by their code: the SDK puts it into the error's name. */
async function refusal(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'accepted',
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  );
}

describe('the account before anything was done', () => {
  test('has a tagged network of loopback addresses in each region that was asked for', async () => {
    const answer = await client.send(
      new DescribeSubnetsCommand({ Filters: [{ Name: 'tag:goldsmith:local', Values: ['network'] }] }),
    );
    expect(answer.Subnets?.map((subnet) => subnet.SubnetId)).toEqual([subnetId]);
    expect(Object.keys(standin.networks).sort()).toEqual(['eu-central-1', 'us-east-1']);
  });

  test("finds a publisher's newest image by owner, name pattern and date", async () => {
    const answer = await client.send(
      new DescribeImagesCommand({
        Owners: ['136693071363'],
        Filters: [{ Name: 'name', Values: ['debian-12-amd64-*'] }],
      }),
    );
    const dates = answer.Images?.map((image) => image.CreationDate) ?? [];
    expect(new Set(dates).size).toBe(2);
  });

  test('takes only Amazon\'s images for those of the owner "amazon"', async () => {
    const answer = await client.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
    const names = answer.Images?.map((image) => image.Name ?? '') ?? [];
    expect(names).toHaveLength(2);
    expect(names.every((name) => name.startsWith('al2023-ami-2023.'))).toBe(true);
  });

  test('shows no images, snapshots or volumes as its own', async () => {
    const images = await client.send(new DescribeImagesCommand({ Owners: ['self'] }));
    const snapshots = await client.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
    const volumes = await client.send(new DescribeVolumesCommand({}));
    expect([images.Images, snapshots.Snapshots, volumes.Volumes]).toEqual([[], [], []]);
  });
});

describe('an instance', () => {
  let instance: TestInstance;
  let groupId: string;

  beforeAll(async () => {
    const vpcId = standin.networks[region]?.vpcId;
    const group = await client.send(
      new CreateSecurityGroupCommand({ GroupName: 'used', Description: 'used', VpcId: vpcId }),
    );
    groupId = group.GroupId ?? '';
    const userData = '#!/bin/sh\necho from user data >/run/user-data-ran\n';
    instance = await launch(client, subnetId, { userData, securityGroupIds: [groupId] });
  });

  test('is a machine of its own that lets its key pair in, at its private address', async () => {
    expect(await ssh(instance, 'hostname')).toBe(instance.instanceId);
    expect(await stateOf(instance.instanceId)).toBe('running');
  });

  test('gives its login users root through sudo and has what a provisioner needs', async () => {
    expect(await ssh(instance, 'sudo id -u', 'ec2-user')).toBe('0');
    expect(await ssh(instance, 'sha256sum /dev/null | cut -c1-8; bash -c "echo bash"; command -v scp')).toBe(
      'e3b0c442\nbash\n/usr/bin/scp',
    );
  });

  test('runs its user data as root at the first boot', async () => {
    expect(await ssh(instance, 'cat /run/user-data-ran')).toBe('from user data');
  });

  test('refuses root, unknown users and other keys', async () => {
    await expect(ssh(instance, 'true', 'root')).rejects.toThrow('authentication');
    await expect(ssh(instance, 'true', 'nobody-such')).rejects.toThrow('authentication');
  });

  test('reaches neither this machine nor any other network', async () => {
    const port = new URL(standin.managerUrl).port;
    await expect(ssh(instance, `wget -q -T 2 -O - http://10.0.2.2:${port}/health`)).rejects.toThrow('wget');
  });

  test('keeps its disk and address when it is stopped and started', async () => {
    await ssh(instance, 'echo kept >~/kept');
    await client.send(new StopInstancesCommand({ InstanceIds: [instance.instanceId] }));
    expect(await stateOf(instance.instanceId)).toBe('stopped');
    expect(await findProcesses(instance.instanceId)).toEqual([]);
    await client.send(new StartInstancesCommand({ InstanceIds: [instance.instanceId] }));
    expect(await ssh(instance, 'cat ~/kept')).toBe('kept');
  });

  test('is stopped when its guest powers itself off, and can be started again', async () => {
    await ssh(instance, 'sudo poweroff').catch(() => 'the connection breaks');
    await vi.waitFor(async () => expect(await stateOf(instance.instanceId)).toBe('stopped'), {
      timeout: 10_000,
      interval: 50,
    });
    await client.send(new StartInstancesCommand({ InstanceIds: [instance.instanceId] }));
    expect(await stateOf(instance.instanceId)).toBe('running');
  });

  test('boots anew when it is rebooted, by the API or by its guest, and was running all the time', async () => {
    await ssh(instance, 'sudo touch /run/before; echo unsynced >~/unsynced');
    await client.send(new RebootInstancesCommand({ InstanceIds: [instance.instanceId] }));
    expect(await ssh(instance, 'ls /run/before 2>/dev/null; cat ~/unsynced')).toBe('unsynced');
    const [before] = await findProcesses(instance.instanceId);
    await ssh(instance, 'sudo reboot').catch(() => 'the connection breaks');
    await vi.waitFor(async () => expect(await findProcesses(instance.instanceId)).not.toContain(before), {
      timeout: 10_000,
      interval: 50,
    });
    expect(await stateOf(instance.instanceId)).toBe('running');
    // Changes nothing, and answers when the guest has booted.
    await client.send(new StartInstancesCommand({ InstanceIds: [instance.instanceId] }));
    expect(await ssh(instance, 'cat ~/unsynced')).toBe('unsynced');
  });

  test('can be made an image of while it runs, with a description and tags for image and snapshot', async () => {
    await ssh(instance, 'echo written just before >~/fresh');
    const { ImageId: imageId } = await client.send(
      new CreateImageCommand({
        InstanceId: instance.instanceId,
        Name: 'of-a-running-one',
        Description: 'made while running',
        TagSpecifications: [
          { ResourceType: 'image', Tags: [{ Key: 'on', Value: 'image' }] },
          { ResourceType: 'snapshot', Tags: [{ Key: 'on', Value: 'snapshot' }] },
        ],
      }),
    );
    const described = await client.send(new DescribeImagesCommand({ ImageIds: [imageId ?? ''] }));
    const snapshots = await client.send(
      new DescribeSnapshotsCommand({ Filters: [{ Name: 'tag:on', Values: ['snapshot'] }] }),
    );
    expect(described.Images?.[0]).toMatchObject({
      Description: 'made while running',
      RootDeviceType: 'ebs',
      Tags: [{ Key: 'on', Value: 'image' }],
    });
    expect(snapshots.Snapshots?.[0]?.SnapshotId).toBe(
      described.Images?.[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId,
    );
    expect(await ssh(instance, 'cat ~/fresh')).toBe('written just before');
  });

  test('cannot be made a second image of with the same name', async () => {
    const call = client.send(
      new CreateImageCommand({ InstanceId: instance.instanceId, Name: 'of-a-running-one' }),
    );
    expect(await refusal(call)).toBe('InvalidAMIName.Duplicate');
  });

  test('keeps its security group from being deleted', async () => {
    expect(await refusal(client.send(new DeleteSecurityGroupCommand({ GroupId: groupId })))).toBe(
      'DependencyViolation',
    );
  });

  test('leaves no process, disk, volume, network interface or used security group when it is terminated', async () => {
    await client.send(new TerminateInstancesCommand({ InstanceIds: [instance.instanceId] }));
    expect(await stateOf(instance.instanceId)).toBe('terminated');
    expect(await findProcesses(instance.instanceId)).toEqual([]);
    expect(await manager('/vms')).toEqual([]);
    expect((await client.send(new DescribeVolumesCommand({}))).Volumes).toEqual([]);
    expect(await refusal(client.send(new DeleteSecurityGroupCommand({ GroupId: groupId })))).toBe('accepted');
    expect(
      await refusal(client.send(new StartInstancesCommand({ InstanceIds: [instance.instanceId] }))),
    ).toBe('IncorrectInstanceState');
  });
});

describe('an image', () => {
  let imageId: string;

  beforeAll(async () => {
    const images = await client.send(new DescribeImagesCommand({ Owners: ['self'] }));
    imageId = images.Images?.[0]?.ImageId ?? '';
  });

  test('boots with what was on the disk, also after it was copied to another region', async () => {
    const abroad = createClient(standin.endpoint, { region: 'eu-central-1' });
    const copy = await abroad.send(
      new CopyImageCommand({ SourceImageId: imageId, SourceRegion: region, Name: 'abroad' }),
    );
    const instance = await launch(abroad, standin.networks['eu-central-1']?.subnetId ?? '', {
      imageId: copy.ImageId,
    });
    expect(await ssh(instance, 'cat ~/fresh')).toBe('written just before');
    await abroad.send(new TerminateInstancesCommand({ InstanceIds: [instance.instanceId] }));
  });

  test('can be shared, described anew and deprecated', async () => {
    await client.send(
      new ModifyImageAttributeCommand({
        ImageId: imageId,
        LaunchPermission: { Add: [{ UserId: '210987654321' }] },
      }),
    );
    await client.send(
      new ModifyImageAttributeCommand({ ImageId: imageId, Description: { Value: 'described anew' } }),
    );
    await client.send(
      new EnableImageDeprecationCommand({ ImageId: imageId, DeprecateAt: new Date('2027-01-01T00:00:00Z') }),
    );
    const answer = await client.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
    expect(answer.Images?.[0]).toMatchObject({
      Description: 'described anew',
      DeprecationTime: '2027-01-01T00:00:00.000Z',
    });
  });

  test('is gone with its disk when it is deregistered and its snapshot deleted', async () => {
    const answer = await client.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
    const snapshotId = answer.Images?.[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId;
    expect(await refusal(client.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId })))).toBe(
      'InvalidSnapshot.InUse',
    );
    await client.send(new DeregisterImageCommand({ ImageId: imageId }));
    await client.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId }));
    expect(Object.keys(await disks())).not.toContain(imageId);
  });
});

describe('a call that AWS would refuse', () => {
  const valid = {
    ImageId: debianImageId,
    InstanceType: 't3.micro',
    MinCount: 1,
    MaxCount: 1,
  } satisfies RunInstancesCommandInput;

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['an unknown image', { ImageId: 'ami-0ffffffffffffffff' }, 'InvalidAMIID.NotFound'],
    ['an unknown key pair', { KeyName: 'nobody-made-it' }, 'InvalidKeyPair.NotFound'],
    ['an unknown instance type', { InstanceType: 'z9.gigantic' }, 'InvalidParameterValue'],
    ['an unknown subnet', { SubnetId: 'subnet-0ffffffffffffffff' }, 'InvalidSubnetID.NotFound'],
  ])('is refused for %s with the code of AWS, and leaves no instance', async (_what, wrong, code) => {
    const call = createClient(standin.endpoint).send(
      new RunInstancesCommand({ ...valid, SubnetId: subnetId, ...wrong }),
    );
    expect(await refusal(call)).toBe(code);
    expect(await manager('/vms')).toEqual([]);
  });

  test('is refused in a region that does not exist', async () => {
    const nowhere = createClient(standin.endpoint, { region: 'us-middle-9' });
    expect(await refusal(nowhere.send(new DescribeInstancesCommand({})))).toBe('AuthFailure');
  });

  test('is refused in the envelope of EC2 when a key is unknown or its user lacks the permission', async () => {
    await iam({ Action: 'CreateUser', UserName: 'reader' });
    const answer = await iam({ Action: 'CreateAccessKey', UserName: 'reader' });
    const field = (name: string): string => new RegExp(`<${name}>([^<]+)`).exec(answer)?.[1] ?? '';
    const reader = { accessKeyId: field('AccessKeyId'), secretAccessKey: field('SecretAccessKey') };
    await enforcePermissions(true);
    try {
      const nobody = createClient(standin.endpoint, { accessKeyId: 'AKIANOBODYNOBODY1234' });
      expect(await refusal(nobody.send(new DescribeInstancesCommand({})))).toBe('AuthFailure');
      const wrongSecret = createClient(standin.endpoint, { ...reader, secretAccessKey: 'wrong' });
      expect(await refusal(wrongSecret.send(new DescribeInstancesCommand({})))).toBe('AuthFailure');
      const call = createClient(standin.endpoint, reader).send(new DescribeInstancesCommand({}));
      expect(await refusal(call)).toBe('UnauthorizedOperation');
    } finally {
      await enforcePermissions(false);
    }
  });

  /** A call of the IAM API; while permissions are not enforced, no signature is needed. */
  async function iam(parameters: Record<string, string>): Promise<string> {
    const authorization =
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/iam/aws4_request, Signature=none';
    const body = new URLSearchParams({ ...parameters, Version: '2010-05-08' });
    return (await fetch(standin.endpoint, { method: 'POST', body, headers: { authorization } })).text();
  }

  async function enforcePermissions(enforced: boolean): Promise<void> {
    const body = enforced ? '0' : 'inf';
    await fetch(`${standin.endpoint}/moto-api/reset-auth`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain' },
    });
  }
});
