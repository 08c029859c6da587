/**
 * A whole Goldsmith on this machine: servers, deployment, seeded workspace, and the common saves of their state.
 * Nothing here prints but through the StagePrinter, and nothing ends the process: `npm start` and the tests both use it.
 */
import { mkdir, rm } from 'node:fs/promises';
import { moveAddresses } from '../emulator/index.ts';
import { ApiClient } from '../seed/api-client.ts';
import { type Seeded, seed } from '../seed/seed.ts';
import { type AccessToken, ensureOwner, signIn, type UserPool } from '../seed/user.ts';
import { deploy, fingerprint } from '../stages/deploy.ts';
import { type Outputs, outputsSchema } from '../stages/outputs.ts';
import { detectPackerGeneration } from '../stages/packer.ts';
import type { StagePrinter } from '../terminal/stage-printer.ts';
import { rotateLogs } from './log-files.ts';
import { killProcesses } from './process-table.ts';
import { QuietSaver } from './quiet-saver.ts';
import { type SaveInfo, Saves } from './saves.ts';
import { type Servers, startServers } from './servers.ts';
import { portsOf, REGION, type StackPaths, vpcCidrOf } from './settings.ts';

export interface StackOptions {
  paths: StackPaths;
  basePort: number;
  printer: StagePrinter;
  /** Ends the start. */
  signal: AbortSignal;
}

/** A running stack. */
export interface Stack {
  servers: Servers;
  outputs: Outputs;
  seeded: Seeded;
  api: ApiClient;
  token: AccessToken;
  subnetId: string;
  /** Signs the owner in again. */
  renewToken: () => Promise<AccessToken>;
  /** Saves both accounts' state while they go on. Only right while no build runs. */
  save: () => Promise<void>;
  /** Saves unless told otherwise, ends every process and removes temporary files. */
  stop: (options?: { save: boolean }) => Promise<void>;
}

/**
 * Starts a stack from its last common save, or from nothing. What a crashed one left must be gone (see recovery.ts).
 * @throws the error of the stage that failed, or the signal's reason; then nothing is left running
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { paths } = options;
  await mkdir(paths.state, { recursive: true });
  await rotateLogs(paths.logs);
  const saves = new Saves(paths.state);
  const save = await saves.open();
  const vpcCidr = save?.info.vpcCidr ?? vpcCidrOf(options.basePort);
  const servers = await startServers({ ...options, vpcCidr, saves, save });
  const end = async () => {
    await servers.stop();
    await killProcesses(paths);
    await rm(paths.temporary, { recursive: true, force: true });
  };
  try {
    return await fill(options, { saves, servers, vpcCidr, deployed: save?.info, end });
  } catch (error) {
    await end();
    await saves.close();
    throw error;
  }
}

interface Running {
  saves: Saves;
  servers: Servers;
  vpcCidr: string;
  deployed: SaveInfo | undefined;
  end: () => Promise<void>;
}

async function fill(options: StackOptions, running: Running): Promise<Stack> {
  const { printer, paths } = options;
  const { servers, saves, vpcCidr } = running;
  const { wanted, outputs, isNew } = await deployWhereNeeded(options, running);
  options.signal.throwIfAborted();

  const pool = {
    endpoint: servers.emulator.endpoint,
    userPoolId: outputs.UserPoolId,
    clientId: outputs.UserPoolClientId,
  };
  const subnetId = servers.ec2.networks[REGION]?.subnetId ?? '';
  const { api, token, seeded } = await printer.stage('samples', (report) =>
    fillWorkspace(paths, pool, outputs, subnetId, report),
  );
  const save = oneAtATime(async () => {
    await servers.emulator.save();
    const savedAt = new Date().toISOString();
    await saves.write(
      { savedAt, fingerprint: wanted, outputs, vpcCidr, basePort: options.basePort },
      (file) => servers.ec2.save(file),
    );
  });
  if (isNew) await printer.stage('first save', save);
  const saver = new QuietSaver(servers.emulator, save);
  const stop = async ({ save: isSaving } = { save: true }) => {
    await saver.stop();
    await servers.codebuild.stop();
    if (isSaving) await save();
    await running.end();
    if (isSaving) await saves.close();
  };
  return {
    servers,
    outputs,
    seeded,
    api,
    token,
    subnetId,
    renewToken: () => signIn(paths, pool),
    save,
    stop,
  };
}

/** The action such that a call waits for those before it. */
function oneAtATime(action: () => Promise<void>): () => Promise<void> {
  let last = Promise.resolve();
  return () => {
    // Whoever asked for the one before hears of its failure.
    last = last.catch(() => {}).then(action);
    return last;
  };
}

async function deployWhereNeeded(options: StackOptions, { servers, deployed }: Running) {
  const { paths, printer, signal } = options;
  const packerGeneration = await detectPackerGeneration();
  const wanted = await fingerprint(packerGeneration);
  if (deployed?.fingerprint === wanted)
    return { wanted, outputs: moveOutputs(deployed, options.basePort), isNew: false };
  const made = await printer.stage('deployment', (report) =>
    deploy({
      paths,
      packerGeneration,
      endpoint: servers.emulator.endpoint,
      report,
      signal,
    }),
  );
  return { wanted, outputs: outputsSchema.parse(made), isNew: true };
}

/** Outputs name the emulator's port; the stack may have got another one since. */
function moveOutputs({ outputs, basePort }: SaveInfo, to: number): Outputs {
  const move = (text: string) => moveAddresses(text, portsOf(basePort).emulator, portsOf(to).emulator);
  return outputsSchema.parse(
    Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, move(value)])),
  );
}

async function fillWorkspace(
  paths: StackPaths,
  pool: UserPool,
  outputs: Outputs,
  subnetId: string,
  report: (text: string) => void,
) {
  report('owner');
  await ensureOwner(paths, pool);
  const token = await signIn(paths, pool);
  const api = new ApiClient(outputs.ApiUrl, token.token);
  return { api, token, seeded: await seed(api, subnetId, report) };
}
