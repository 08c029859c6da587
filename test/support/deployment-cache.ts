/** A deployed but otherwise empty emulator, kept for as long as the deployment's sources stay as they are. */
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { withFileLock } from '../../infra/local/emulator/file-lock.ts';
import { findFreePort, startEmulator } from '../../infra/local/emulator/index.ts';
import { portsOf, type StackPaths, stackPaths, vpcCidrOf } from '../../infra/local/stack/settings.ts';
import { deploy, fingerprint } from '../../infra/local/stages/deploy.ts';
import { environments } from '../../infra/local/stages/environments.ts';
import { detectPackerGeneration } from '../../infra/local/stages/packer.ts';
import type { StagePrinter } from '../../infra/local/terminal/stage-printer.ts';

/** Deployments that stay: those of two branches that somebody goes back and forth between. */
const KEPT = 2;

const infoSchema = z.object({
  fingerprint: z.string(),
  outputs: z.record(z.string(), z.string()),
  basePort: z.int(),
});

/** What a stack begins with: no workspace, no instance, no image. */
export interface Deployment {
  folder: string;
  info: z.infer<typeof infoSchema>;
}

/** The deployment of the present sources; made with the real `cdk deploy` when it is not there yet. */
export async function ensureDeployment(printer: StagePrinter): Promise<Deployment> {
  const key = await fingerprint(await detectPackerGeneration());
  const cache = join(stackPaths().cache, 'deployments');
  await mkdir(cache, { recursive: true });
  const folder = join(cache, key.slice(0, 16));
  await withFileLock(`${folder}.lock`, async () => {
    if (await exists(folder)) return;
    await printer.stage('deployment for the tests', (report) => make(folder, key, report));
    await dropOld(cache);
  });
  return { folder, info: infoSchema.parse(JSON.parse(await readFile(join(folder, 'info.json'), 'utf8'))) };
}

/** Makes the deployment the current save of a stack that has never run; see stack/saves.ts. */
export async function adoptDeployment(
  { folder, info }: Deployment,
  paths: StackPaths,
  basePort: number,
): Promise<void> {
  const save = join(paths.state, 'saves', '1');
  await cp(join(folder, 'emulator'), join(save, 'emulator'), { recursive: true });
  const record = { ...info, savedAt: new Date().toISOString(), vpcCidr: vpcCidrOf(basePort) };
  await writeFile(join(save, 'save.json'), JSON.stringify(record));
  await writeFile(join(paths.state, 'current'), '1');
}

async function make(folder: string, key: string, report: (text: string) => void): Promise<void> {
  const paths = stackPaths(await mkdtemp(join(tmpdir(), 'goldsmith-deploy-')));
  await mkdir(paths.state, { recursive: true });
  const stateDir = join(paths.state, 'emulator');
  // The port is rewritten by whoever uses the deployment; the block of ten that it begins is a mere number here.
  const basePort = await findFreePort();
  const emulator = await startEmulator({
    port: portsOf(basePort).emulator,
    stateDir,
    tmpDir: paths.temporary,
    venvDir: environments.emulator,
  });
  try {
    const outputs = await deploy({
      paths,
      packerGeneration: await detectPackerGeneration(),
      endpoint: emulator.endpoint,
      report,
      signal: new AbortController().signal,
    });
    await emulator.stop();
    const draft = `${folder}.new`;
    await rm(draft, { recursive: true, force: true });
    await cp(stateDir, join(draft, 'emulator'), { recursive: true });
    await writeFile(join(draft, 'info.json'), JSON.stringify({ fingerprint: key, outputs, basePort }));
    await rename(draft, folder);
  } finally {
    await emulator.stop();
    for (const each of [paths.home, paths.temporary]) await rm(each, { recursive: true, force: true });
  }
}

async function dropOld(cache: string): Promise<void> {
  const names = (await readdir(cache)).filter((name) => /^[0-9a-f]{16}$/.test(name));
  const aged = await Promise.all(
    names.map(async (name) => ({ name, made: (await stat(join(cache, name))).mtimeMs })),
  );
  const surplus = aged.toSorted((a, b) => b.made - a.made).slice(KEPT);
  for (const { name } of surplus) await rm(join(cache, name), { recursive: true, force: true });
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
