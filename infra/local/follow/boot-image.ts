/** Boots an AMI once in the customer's account and reads a file in it, as proof that the image is one. */
import {
  CreateKeyPairCommand,
  DeleteKeyPairCommand,
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { Client } from 'ssh2';
import { LOGIN_USER } from '../seed/samples.ts';
import { EMULATOR_CREDENTIALS, REGION, SSH_PORT } from '../stack/settings.ts';
import type { Report } from '../terminal/stage-printer.ts';

/** A VM boots in 4 s, without hardware virtualisation on a busy machine in 30: a limit for one that never does. */
const LOGIN_LIMIT_MS = 120_000;
/** Between two attempts to log in. */
const RETRY_MS = 500;

export interface BootOptions {
  endpoint: string;
  amiId: string;
  subnetId: string;
  /** Path of the file to read. */
  file: string;
  report: Report;
  signal: AbortSignal;
}

/**
 * Starts an instance of the image with a fresh key, reads the file over SSH and ends the instance again.
 * @returns the file's content
 * @throws Error when the instance does not let anyone in, or the file cannot be read
 */
export async function bootAndRead(options: BootOptions): Promise<string> {
  const { endpoint, report } = options;
  const ec2 = new EC2Client({ endpoint, region: REGION, credentials: EMULATOR_CREDENTIALS });
  const KeyName = `goldsmith-check-${process.pid}-${Date.now()}`;
  const key = await ec2.send(new CreateKeyPairCommand({ KeyName }));
  let instanceId: string | undefined;
  try {
    report(`starting an instance of ${options.amiId}`);
    instanceId = await launch(ec2, options, KeyName);
    const address = await readAddress(ec2, instanceId);
    report(`${instanceId} boots, logging in at ${address}:${SSH_PORT}`);
    return await readFileWhenUp(address, key.KeyMaterial ?? '', options);
  } finally {
    if (instanceId !== undefined)
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    await ec2.send(new DeleteKeyPairCommand({ KeyName }));
    ec2.destroy();
  }
}

async function launch(ec2: EC2Client, { amiId, subnetId }: BootOptions, KeyName: string): Promise<string> {
  const answer = await ec2.send(
    new RunInstancesCommand({
      ImageId: amiId,
      SubnetId: subnetId,
      KeyName,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
    }),
  );
  const id = answer.Instances?.[0]?.InstanceId;
  if (id === undefined) throw new Error(`No instance of ${amiId} was started`);
  return id;
}

async function readAddress(ec2: EC2Client, instanceId: string): Promise<string> {
  const answer = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
  const address = answer.Reservations?.[0]?.Instances?.[0]?.PrivateIpAddress;
  if (address === undefined) throw new Error(`${instanceId} has no address`);
  return address;
}

async function readFileWhenUp(host: string, privateKey: string, options: BootOptions): Promise<string> {
  const deadline = Date.now() + LOGIN_LIMIT_MS;
  for (;;) {
    options.signal.throwIfAborted();
    try {
      return await readOverSsh(host, privateKey, options.file);
    } catch (error) {
      if (Date.now() > deadline)
        throw new Error(`The booted image lets nobody in at ${host}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function readOverSsh(host: string, privateKey: string, file: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const client = new Client();
  client.once('error', reject);
  client.once('ready', () =>
    client.sftp((error, sftp) => {
      if (error) reject(error);
      else
        sftp.readFile(file, 'utf8', (failure, content) =>
          failure ? reject(failure) : resolve(String(content)),
        );
    }),
  );
  client.connect({ host, port: SSH_PORT, username: LOGIN_USER, privateKey, readyTimeout: 10_000 });
  return promise.finally(() => client.end());
}
