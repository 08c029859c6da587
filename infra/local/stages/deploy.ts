/** Deploys the CDK app to the emulator with the project's own `cdk`, as it would be deployed to AWS. */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import type { PackerGeneration } from '../../../shared/contracts/bundle.ts';
import { fingerprintDeployment } from '../stack/fingerprint.ts';
import { runProgram } from '../stack/run-program.ts';
import { CHECKOUT, EMULATOR_CREDENTIALS, REGION, type StackPaths } from '../stack/settings.ts';
import type { Report } from '../terminal/stage-printer.ts';
import { completeDeployment, prepareAccount } from './emulator-account.ts';

/** Stack name to output name to value, as `cdk deploy --outputs-file` writes it. */
const outputsSchema = z.record(z.string(), z.record(z.string(), z.string()));

export interface DeployOptions {
  packerGeneration: PackerGeneration;
  paths: StackPaths;
  endpoint: string;
  report: Report;
  signal: AbortSignal;
}

/**
 * Hash of everything that decides what `deploy` makes. The emulator's address is not part of it: a saved state is
 * moved to another port by the emulator's own start.
 */
export function fingerprint(packerGeneration: PackerGeneration): Promise<string> {
  return fingerprintDeployment(contextOf(packerGeneration));
}

/** The stage's settings on the command line of `cdk`. */
function contextOf(packerGeneration: PackerGeneration): string[] {
  return ['-c', 'stage=local', '-c', `localPackerGeneration=${packerGeneration}`];
}

/**
 * Deploys all stacks (10 s), for the first time or anew.
 * @returns the outputs of all stacks
 * @throws Error with the last lines of `cdk` when it fails
 */
export async function deploy(options: DeployOptions): Promise<Record<string, string>> {
  const { paths, endpoint, report } = options;
  await mkdir(paths.logs, { recursive: true });
  const outputsFile = join(paths.state, 'outputs.json');
  const output = ['--output', join(paths.home, 'cdk.out')];
  await prepareAccount(endpoint);
  report('cdk deploy');
  const context = [...contextOf(options.packerGeneration), '-c', `localEndpoint=${endpoint}`];
  // Without a change set to look at first: nobody does.
  const unattended = ['--require-approval', 'never', '--method', 'direct', '--progress', 'events'];
  await cdk(options, [
    'deploy',
    '--all',
    ...context,
    ...unattended,
    '--outputs-file',
    outputsFile,
    ...output,
  ]);
  const outputs = outputsSchema.parse(JSON.parse(await readFile(outputsFile, 'utf8')));
  const all = Object.fromEntries(Object.values(outputs).flatMap(Object.entries<string>));
  await completeDeployment(endpoint, all['ApiUrl'] ?? '');
  return all;
}

async function cdk(options: DeployOptions, args: readonly string[]): Promise<void> {
  const log = join(options.paths.logs, 'cdk.log');
  await runProgram({
    command: join(CHECKOUT, 'node_modules', '.bin', 'node'),
    args: [
      join(CHECKOUT, 'node_modules', 'aws-cdk', 'bin', 'cdk'),
      ...args,
      '--no-notices',
      '--no-version-reporting',
    ],
    cwd: CHECKOUT,
    environment: cdkEnvironment(options),
    onLine: (line) => {
      void appendFile(log, `${line}\n`);
      const text = line.trim();
      if (text !== '') options.report(`cdk ${args[0]}: ${text}`);
    },
    signal: options.signal,
  });
}

/** A clean environment: no credentials, profile or proxy of the user's may lead `cdk` anywhere but here. */
function cdkEnvironment({ paths, endpoint }: DeployOptions): Record<string, string> {
  return {
    PATH: [join(CHECKOUT, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter),
    // `cdk` keeps caches and an answer on telemetry in the home folder: they stay with the stack.
    HOME: join(paths.home, 'cdk-home'),
    LANG: 'C.UTF-8',
    CI: 'true',
    NO_COLOR: '1',
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: EMULATOR_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: EMULATOR_CREDENTIALS.secretAccessKey,
    AWS_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    // Names the addresses that must never go through a proxy, for tools that read it.
    NO_PROXY: '127.0.0.1,localhost',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DISABLE_VERSION_CHECK: '1',
  };
}
