import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../../functions/runner/clock.ts';
import { type RunnerTools, runBuild } from '../../../../functions/runner/run-build.ts';
import { readSettings } from '../../../../functions/runner/settings.ts';
import { markerText } from '../../../../shared/packer/markers.ts';
import type { AgentApi } from '../../../support/agent-api.ts';

/** Shell code for each of Packer's commands; `$NONCE` is the nonce of the markers. */
export type FakeCommands = { version?: string; init?: string; build?: string };

export type FakePacker = {
  folder: string;
  packer: string;
  workDir: string;
  remove: () => Promise<void>;
};

/**
 * A `packer` that does what a test wants. The script is run by a copy of the shell that is named `packer`, so that
 * the executable of its process is called like the real one's; whatever the script starts is something else.
 */
export const createFakePacker = async (commands: FakeCommands): Promise<FakePacker> => {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'fake-')));
  const shell = path.join(folder, 'shell', 'packer');
  const packer = path.join(folder, 'packer');
  await mkdir(path.dirname(shell));
  await copyFile(await realpath('/bin/sh'), shell);
  const script = [
    `#!${shell}`,
    'NONCE=$PKR_VAR_goldsmith_nonce',
    `FAKE=${folder}`,
    `say() { printf '1795377274,,ui,%s,%s\\n' "$1" "$2"; }`,
    `case "$1 $2" in "-machine-readable version") ${commands.version ?? "echo '1,,version,1.6.6'"}; exit 0;; esac`,
    `echo "$*" >> ${folder}/calls`,
    `env > ${folder}/environment`,
    'case "$1" in',
    ...(['init', 'build'] as const).map((name) => `${name}) ${commands[name] ?? ':'}\n;;`),
    'esac',
    '',
  ];
  await writeFile(packer, script.join('\n'));
  await chmod(packer, 0o755);
  // A process that another test forked at this moment may hold the new file open for a while, and nobody can run it.
  while (spawnSync(packer, ['-machine-readable', 'version']).error?.message.includes('ETXTBSY') === true)
    await systemClock.sleep(5);
  const remove = () => rm(folder, { recursive: true, force: true });
  return { folder, packer, workDir: path.join(folder, 'work'), remove };
};

/** Shell code that prints one marker. */
export const printMarker = (index: number, total: number, edge: 'begin' | 'end'): string =>
  `say message "    null.image: ${markerText('$NONCE', index, total, edge)}"`;

/** Shell code that prints an artifact, as a build that succeeded does. */
export const PRINT_ARTIFACT = [
  "echo '1,null.image,artifact,0,builder-id,fnoeding.null'",
  "echo '1,null.image,artifact,0,id,Null'",
  "echo '1,null.image,artifact,0,end'",
].join('\n');

/** Runs the whole runner in this process, but for Packer. */
export const runWith = (
  fake: Pick<FakePacker, 'packer' | 'workDir'>,
  api: Pick<AgentApi, 'environment'>,
  tools: Partial<RunnerTools> = {},
) => {
  const environment = { ...api.environment, GOLDSMITH_PACKER: fake.packer, GOLDSMITH_WORK_DIR: fake.workDir };
  return runBuild(readSettings(environment), {
    send: fetch,
    clock: systemClock,
    random: Math.random,
    terminate: new AbortController().signal,
    environment: { PATH: process.env['PATH'] },
    readOutputOf: () => () => ({}),
    ...tools,
  });
};
