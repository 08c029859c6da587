import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ec2Options, Ec2Standin } from '../../../infra/local/standins/ec2/index.ts';
import { builtImageId, launch, packerBuild, region, ssh, startForTest, stopForTest } from './ec2-support.ts';

let options: Ec2Options;
let standin: Ec2Standin;
let client: EC2Client;

beforeAll(async () => {
  ({ options, standin, client } = await startForTest());
});
afterAll(() => stopForTest(options, standin));

const writeFile = { shell: { inline: ['sudo sh -c "echo by Packer >/etc/built"'] } };

/** What a build must not leave: VMs, living instances, key pairs and security groups of its own. */
async function leftovers(): Promise<unknown[]> {
  const vms = await (await fetch(`${standin.managerUrl}/vms`)).json();
  const instances = await client.send(
    new DescribeInstancesCommand({
      Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running', 'stopped'] }],
    }),
  );
  const keys = await client.send(
    new DescribeKeyPairsCommand({ Filters: [{ Name: 'key-name', Values: ['packer_*'] }] }),
  );
  const groups = await client.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-name', Values: ['packer_*'] }] }),
  );
  return [vms, instances.Reservations, keys.KeyPairs, groups.SecurityGroups].flat();
}

test('Packer builds an image by a filter for the newest base image, and the image boots with what was built', async () => {
  const result = await packerBuild(
    standin,
    {
      ami_name: 'web-v1',
      ami_description: 'the first one',
      source_ami: undefined,
      source_ami_filter: {
        filters: { name: 'al2023-ami-2023.*-x86_64' },
        owners: ['amazon'],
        most_recent: true,
      },
      ssh_username: 'ec2-user',
      tags: { Name: 'web' },
      snapshot_tags: { Name: 'web' },
    },
    [writeFile, { file: { source: 'image.pkr.json', destination: '/tmp/uploaded.json' } }],
  );
  expect(result).toMatchObject({ code: 0 });
  expect(result.output).toContain('Found Image ID: ami-0a120230000000002');
  const described = await client.send(new DescribeImagesCommand({ ImageIds: [builtImageId(result)] }));
  expect(described.Images?.[0]).toMatchObject({
    Name: 'web-v1',
    Description: 'the first one',
    Tags: [{ Key: 'Name', Value: 'web' }],
  });
  expect(await leftovers()).toEqual([]);

  const instance = await launch(client, standin.networks[region]?.subnetId ?? '', {
    imageId: builtImageId(result),
  });
  expect(await ssh(instance, 'cat /etc/built')).toBe('by Packer');
  await client.send(new TerminateInstancesCommand({ InstanceIds: [instance.instanceId] }));
});

test('Packer refuses a name that is taken before it launches anything', async () => {
  const result = await packerBuild(standin, { ami_name: 'web-v1' }, [writeFile]);
  expect(result.code).toBe(1);
  expect(result.output).toContain("AMI Name: 'web-v1' is used by an existing AMI");
  expect(await leftovers()).toEqual([]);
});

test('a provisioner that fails leaves no image, no VM, no key pair and no security group', async () => {
  const result = await packerBuild(standin, { ami_name: 'never' }, [{ shell: { inline: ['exit 7'] } }]);
  expect(result.code).toBe(1);
  expect(result.output).toContain('Script exited with non-zero exit status: 7');
  const images = await client.send(new DescribeImagesCommand({ Owners: ['self'] }));
  expect(images.Images?.map((image) => image.Name)).toEqual(['web-v1']);
  expect(await leftovers()).toEqual([]);
});

test('an ordinary failure of EC2 reaches the user of Packer at once', async () => {
  const result = await packerBuild(standin, { ami_name: 'nowhere', region: 'us-middle-9' }, [writeFile]);
  expect(result.code).toBe(1);
  expect(result.output).toContain('valid region');
});
