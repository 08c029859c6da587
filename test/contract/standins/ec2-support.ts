import { setTimeout as pause } from 'node:timers/promises';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { CreateKeyPairCommand, EC2Client, type Instance, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { Client } from 'ssh2';
import { type Ec2Options, type Ec2Standin, startEc2 } from '../../../infra/local/standins/ec2/index.ts';

const run = promisify(execFile);
const checkout = resolve(import.meta.dirname, '../../..');
const standinFolder = join(checkout, 'infra/local/standins/ec2');

export const region = 'us-east-1';
export const sshPort = 2222;
/** moto checks keys only when it is told to; Packer wants some. */
export const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'local' };
/** The older Debian 12 image of the catalogue. */
export const debianImageId = 'ami-0de00000000000121';

/** Makes the Python virtual environment when there is none for the present requirements. */
export async function ensureVenv(): Promise<string> {
  const folder = join(checkout, '.goldsmith/venv/ec2');
  const requirements = join(standinFolder, 'requirements.txt');
  const hash = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const stamp = join(folder, '.stamp');
  if ((await readFile(stamp, 'utf8').catch(() => '')).trim() === hash) return folder;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await run('python3', ['-m', 'venv', folder]);
  await run(join(folder, 'bin/pip'), [
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    requirements,
  ]);
  await writeFile(stamp, `${hash}\n`);
  return folder;
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A folder of its own, free ports and a loopback network that is hardly anyone else's. */
export async function prepareOptions(): Promise<Ec2Options> {
  const folder = await mkdtemp(join(tmpdir(), 'ec2-'));
  return {
    host: '127.0.0.1',
    port: await findFreePort(),
    managerPort: await findFreePort(),
    stateDir: join(folder, 'state'),
    cacheDir: join(checkout, '.goldsmith/cache'),
    venvDir: await ensureVenv(),
    vpcCidr: `127.${64 + Math.floor(Math.random() * 180)}.0.0/16`,
    sshPort,
    log: join(folder, 'ec2.log'),
    regions: [region, 'eu-central-1'],
  };
}

/** Starts a stand-in for one test file. */
export async function startForTest(): Promise<{
  options: Ec2Options;
  standin: Ec2Standin;
  client: EC2Client;
}> {
  const options = await prepareOptions();
  const standin = await startEc2(options);
  return { options, standin, client: createClient(standin.endpoint) };
}

/** The real SDK, pointed at the stand-in, without its own repetitions. */
export function createClient(
  endpoint: string,
  settings: { region?: string; accessKeyId?: string; secretAccessKey?: string } = {},
): EC2Client {
  return new EC2Client({
    endpoint,
    region,
    maxAttempts: 1,
    ...settings,
    credentials: { ...credentials, ...settings },
  });
}

/** Ends what `startForTest` started and deletes its folder. */
export async function stopForTest(options: Ec2Options, standin: Ec2Standin): Promise<void> {
  await standin.stop();
  await rm(resolve(options.stateDir, '..'), { recursive: true, force: true });
}

/** One instance with its login key. */
export interface TestInstance {
  instanceId: string;
  address: string;
  privateKey: string;
}

/** Launches an instance with a key pair of its own. */
export async function launch(
  client: EC2Client,
  subnetId: string,
  settings: { imageId?: string; userData?: string; securityGroupIds?: string[] } = {},
): Promise<TestInstance> {
  const keyName = `test-${crypto.randomUUID()}`;
  const keyPair = await client.send(new CreateKeyPairCommand({ KeyName: keyName, KeyType: 'rsa' }));
  const answer = await client.send(
    new RunInstancesCommand({
      ImageId: settings.imageId ?? debianImageId,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnetId,
      KeyName: keyName,
      SecurityGroupIds: settings.securityGroupIds,
      UserData:
        settings.userData === undefined ? undefined : Buffer.from(settings.userData).toString('base64'),
    }),
  );
  const instance: Instance = answer.Instances?.[0] ?? {};
  return {
    instanceId: instance.InstanceId ?? '',
    address: instance.PrivateIpAddress ?? '',
    privateKey: keyPair.KeyMaterial ?? '',
  };
}

/** A machine that boots takes connections before its SSH server does: those are reset, and a later one is not. */
class NotUpYet extends Error {
  override name = 'NotUpYet';
}
const BOOT_MS = 30_000;
const LOOK_AGAIN_MS = 100;

/** Runs a command on an instance over SSH and returns what it printed. Rejects when the command fails. */
export async function ssh(instance: TestInstance, command: string, username = 'admin'): Promise<string> {
  for (const until = Date.now() + BOOT_MS; ; await pause(LOOK_AGAIN_MS)) {
    try {
      return await sshOnce(instance, command, username);
    } catch (error) {
      if (!(error instanceof NotUpYet) || Date.now() > until) throw error;
    }
  }
}

function sshOnce(instance: TestInstance, command: string, username: string): Promise<string> {
  const connection = new Client();
  let isReady = false;
  return new Promise<string>((fulfil, reject) => {
    connection.on('error', (error) =>
      reject(!isReady && /ECONNRESET|ECONNREFUSED/.test(error.message) ? new NotUpYet(error.message) : error),
    );
    connection.on('ready', () => {
      isReady = true;
      connection.exec(command, (error, channel) => {
        if (error) return reject(error);
        let output = '';
        channel.on('data', (data: Buffer) => (output += data.toString()));
        channel.stderr.on('data', (data: Buffer) => (output += data.toString()));
        channel.on('close', (code: number | null) =>
          code === 0 ? fulfil(output.trim()) : reject(new Error(`${command} ended with ${code}: ${output}`)),
        );
        return undefined;
      });
    });
    connection.connect({
      host: instance.address,
      port: sshPort,
      username,
      privateKey: instance.privateKey,
      readyTimeout: 30_000,
    });
  }).finally(() => connection.end());
}

/** Outcome of a `packer` run: its exit code and all that it printed. */
export interface PackerResult {
  code: number | null;
  output: string;
}

/** Runs `packer build` on a template of one amazon-ebs source with the given settings and provisioners. */
export async function packerBuild(
  standin: Ec2Standin,
  image: Record<string, unknown>,
  provisioner: readonly unknown[],
): Promise<PackerResult> {
  const folder = await mkdtemp(join(tmpdir(), 'packer-'));
  const source = {
    region,
    custom_endpoint_ec2: standin.endpoint,
    instance_type: 't3.micro',
    subnet_id: standin.networks[region]?.subnetId,
    ssh_interface: 'private_ip',
    ssh_port: sshPort,
    ssh_username: 'admin',
    source_ami: debianImageId,
    ...image,
  };
  const template = {
    source: { 'amazon-ebs': { image: source } },
    build: { sources: ['source.amazon-ebs.image'], provisioner },
  };
  await writeFile(join(folder, 'image.pkr.json'), JSON.stringify(template, undefined, 2));
  try {
    return await runPacker(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runPacker(folder: string): Promise<PackerResult> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    TMPDIR: folder,
    PACKER_CACHE_DIR: folder,
    PACKER_CONFIG_DIR: folder,
    CHECKPOINT_DISABLE: '1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  const child = spawn('packer', ['build', '-machine-readable', 'image.pkr.json'], { cwd: folder, env });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  await once(child, 'close');
  return { code: child.exitCode, output };
}

/** Id of the image that a Packer run made. */
export function builtImageId(result: PackerResult): string {
  return /artifact,0,id,[^:]+:(ami-[0-9a-f]+)/.exec(result.output)?.[1] ?? result.output;
}

/** Ids of the processes whose command line names a text. */
export async function findProcesses(text: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,args=', '-ww']);
  return stdout
    .split('\n')
    .filter((line) => line.includes(text) && line.includes('qemu-system'))
    .map((line) => Number.parseInt(line, 10));
}
