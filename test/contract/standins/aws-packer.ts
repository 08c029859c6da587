import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { compileBundle } from '../../../shared/packer/compile.ts';
import type { AwsSnapshot } from '../../../shared/platforms/aws/base-image.ts';
import { aws } from '../../../shared/platforms/aws/index.ts';
import type { PlatformClient, RunIdentity } from '../../../shared/platforms/platform.ts';
import type { Account } from './aws-account.ts';
import { credentials } from './ec2-support.ts';

/** A run and the client that belongs to it. */
export type Prepared = { snapshot: AwsSnapshot; run: RunIdentity; client: PlatformClient };
export type Built = { exitCode: number | null; lines: string[] };
/** What Packer is to find in its environment beside the nonce and the credentials. */
type Job = { account: Account; folder: string; env?: Record<string, string> };

const startPacker = async ({ account, folder, env = {} }: Job, { snapshot, run, client }: Prepared) => {
  const bundle = compileBundle({
    platform: aws,
    snapshot,
    run,
    baseImage: await client.resolveBaseImage(),
    generation: '1.6',
    ec2Endpoint: account.standin.endpoint,
  });
  const job = join(folder, run.runId);
  for (const { path, content } of bundle.files) {
    await mkdir(join(job, dirname(path)), { recursive: true });
    await writeFile(join(job, path), content);
  }
  const own = {
    PATH: process.env['PATH'],
    HOME: job,
    TMPDIR: job,
    CHECKPOINT_DISABLE: '1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    PKR_VAR_goldsmith_nonce: 'nonce-of-the-run',
  };
  return spawn('packer', ['build', '-machine-readable', '.'], {
    cwd: job,
    env: { ...own, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
};

/** Runs Packer to its end, or kills it once `until` matches a line, as a stop would. */
export const build = async (job: Job, prepared: Prepared, until?: RegExp): Promise<Built> => {
  const packer = await startPacker(job, prepared);
  const lines: string[] = [];
  for await (const line of createInterface({ input: packer.stdout })) {
    lines.push(line);
    if (until?.test(line) === true && packer.pid !== undefined) process.kill(-packer.pid, 'SIGKILL');
  }
  if (packer.exitCode === null && packer.signalCode === null) await once(packer, 'exit');
  return { exitCode: packer.exitCode, lines };
};

/** The artifact's id in Packer's machine-readable output; empty when there is none. */
export const artifactOf = (lines: string[]): string =>
  lines
    .map((line) => line.split(','))
    .find((parts) => parts[2] === 'artifact' && parts[4] === 'id')?.[5]
    ?.replaceAll('%!(PACKER_COMMA)', ',') ?? '';

/** The images that Packer reported, as the platform reads them. */
export const locatorsOf = async ({ snapshot, run, client }: Prepared, { lines }: Built) => {
  const artifact = { builderId: 'mitchellh.amazonebs', id: artifactOf(lines), description: '' };
  return aws.readArtifact(artifact, { snapshot, run, accountId: await client.accountId() });
};
