import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect } from 'vitest';
import { systemClock } from '../../../../functions/runner/clock.ts';
import { listSession } from '../../../../functions/runner/processes.ts';
import type { RunnerTools } from '../../../../functions/runner/run-build.ts';
import { classifyFailure } from '../../../../shared/domain/triage/classify.ts';
import { type AgentApi, type AgentApiOptions, bundleOf, startAgentApi } from '../../../support/agent-api.ts';
import { createFakePacker, type FakeCommands, type FakePacker, runWith } from './fake-packer.ts';

/** Whole runs of the runner against the fake API and a fake Packer. */

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const STEPS = [
  { index: 1, name: 'install' },
  { index: 2, name: 'harden' },
];

/** Ends something after the test, whatever became of it. */
export const closeLater = (close: () => Promise<void>): void => void open.push(close);

/** Starts a run of a job with two steps. */
export const begin = async (
  commands: FakeCommands,
  options: Partial<AgentApiOptions> = {},
  tools: Partial<RunnerTools> = {},
) => {
  const fake = await createFakePacker(commands);
  const bundle = bundleOf({ 'image.pkr.json': '{}' }, { steps: STEPS });
  const api = await startAgentApi({ bundle, ...options });
  open.push(api.close, fake.remove);
  return { fake, api, ended: runWith(fake, api, tools) };
};

/** A run to its end, after which nothing may be left on the machine. */
export const run = async (
  commands: FakeCommands,
  options: Partial<AgentApiOptions> = {},
  tools: Partial<RunnerTools> = {},
) => {
  const begun = await begin(commands, options, tools);
  const outcome = await begun.ended;
  expect(await leftBehind(begun.fake)).toEqual([]);
  return { ...begun, outcome, completion: begun.api.state.completions[0], texts: textsOf(begun.api) };
};

export const textsOf = (api: AgentApi) => api.state.lines.map((line) => line?.text ?? '');
export const leftBehind = (fake: FakePacker) => readdir(fake.workDir).catch(() => []);
/** The commands that Packer was called with. */
export const callsOf = async (fake: FakePacker) =>
  (await readFile(path.join(fake.folder, 'calls'), 'utf8')).trim().split('\n');
export const stepsOf = (api: AgentApi) =>
  api.state.progress.flatMap(({ steps = [] }) => steps.map(({ index, status }) => `${index} ${status}`));

/** A build that notes its process id and goes on until it is ended. */
export const ENDLESS = 'echo $$ > $FAKE/pid; say say "==> null.image: working"; while :; do sleep 0.02; done';
/** The processes of such a build that are still there. */
export const packerOf = async (fake: FakePacker) => {
  const sessionId = Number(await readFile(path.join(fake.folder, 'pid'), 'utf8'));
  return (await listSession(sessionId)).filter(({ executable }) => path.basename(executable) === 'packer');
};

/** Resolves when a file is there. */
export const appears = async (file: string): Promise<void> => {
  const isThere = () =>
    stat(file).then(
      () => true,
      () => false,
    );
  while (!(await isThere())) await systemClock.sleep(5);
};

/** What is said of a build that was handed over and failed in its first step. */
export const failureOf = ({ state }: AgentApi) => {
  const [completion] = state.completions;
  if (completion === undefined) throw new Error('nothing was handed over');
  return classifyFailure({ ...completion, steps: STEPS, lastStep: 1 });
};
