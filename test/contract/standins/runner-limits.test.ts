import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBuild } from '../../../functions/runner/run-build.ts';
import { systemClock } from '../../../functions/runner/clock.ts';
import { readSettings } from '../../../functions/runner/settings.ts';
import type { JobBundle } from '../../../shared/contracts/bundle.ts';
import { MAX_LINE_BYTES } from '../../../shared/contracts/entities/log.ts';
import { classifyFailure } from '../../../shared/domain/triage/classify.ts';
import { type AgentApi, type AgentApiOptions, bundleOf, startAgentApi } from '../../support/agent-api.ts';
import { jobOn } from '../../support/null-build.ts';
import { type SshTarget, startSshTarget } from '../../support/ssh-target.ts';
import { shell, step } from '../../unit/shared/packer/fixtures.ts';

/** Limits of a build, and its traces on the machine, with the real Packer 1.6.6 and the runner around it. */

let folder = '';
const open: (() => Promise<void>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'runner-limits-'));
});
afterEach(async () => {
  for (const close of open.splice(0)) await close();
  await rm(folder, { recursive: true, force: true });
});

const begin = async (options: AgentApiOptions) => {
  const api = await startAgentApi(options);
  open.push(api.close);
  const workDir = path.join(folder, 'work');
  const ended = runBuild(readSettings({ ...api.environment, GOLDSMITH_WORK_DIR: workDir }), {
    send: fetch,
    clock: systemClock,
    random: Math.random,
    terminate: new AbortController().signal,
    environment: { PATH: process.env['PATH'] },
    readOutputOf: () => () => ({}),
  });
  return { api, ended, left: () => readdir(workDir) };
};
const textsOf = (api: AgentApi) => api.state.lines.map((line) => line?.text ?? '');
const failureOf = ({ state }: AgentApi, { steps }: JobBundle) => {
  const [completion] = state.completions;
  if (completion === undefined) throw new Error('nothing was handed over');
  const last = state.progress.flatMap((one) => one.steps ?? []).findLast(({ status }) => status === 'failed');
  return classifyFailure({ ...completion, steps, lastStep: last?.index });
};

describe('a step that takes too long', () => {
  let target: SshTarget;
  beforeEach(async () => {
    target = await startSshTarget();
    open.push(() => target.close());
  });

  it('fails the run; a line and the failure name it, and later ones are skipped (S78)', async () => {
    const bundle = jobOn(target, [
      step(1, shell({ name: 'quick', script: 'echo quick' })),
      step(2, shell({ name: 'waits for nobody', script: 'echo waiting; exec sleep 600', timeoutSeconds: 2 })),
      step(3, shell({ name: 'never' })),
    ]);
    const { api, ended, left } = await begin({ bundle });
    expect(await ended).toBe('failed');
    const late = 'Step 2/3 waits for nobody: timed out: it took longer than its limit of 2 s';
    expect(api.state.lines.filter((line) => line?.text === late)).toMatchObject([
      { level: 'error', step: 2 },
    ]);
    const failure = failureOf(api, bundle);
    expect(failure).toMatchObject({
      errorId: 'step-timed-out',
      category: 'timeout',
      step: 'waits for nobody',
      message: late,
    });
    expect(textsOf(api)[(failure.logSeq ?? 0) - 1]).toBe(late);
    expect(await left()).toEqual([]);
  });

  it('and says nothing is warned of and ended by its silence, where that is shorter (N8)', async () => {
    const bundle = jobOn(target, [step(1, shell({ name: 'hangs', script: 'echo asleep; exec sleep 600' }))]);
    const silence = { warnAfterSeconds: 2, endAfterSeconds: 4 };
    const { api, ended, left } = await begin({ bundle, claim: { silence } });
    expect(await ended).toBe('timed-out');
    const warnings = api.state.lines.filter(
      (line) => line?.level === 'warn' && line.text.includes('No output'),
    );
    expect(warnings.at(-1)?.step).toBe(1);
    expect(warnings.at(-1)?.text).toContain('in step 1/1 hangs');
    const failure = failureOf(api, bundle);
    expect(failure).toMatchObject({ errorId: 'build-silent', category: 'timeout', step: 'hangs' });
    expect(failure.message).toContain('in step 1/1 hangs');
    expect(await left()).toEqual([]);
  });
});

/** A template whose one step is a script of this machine. */
const localJob = (script: string): JobBundle =>
  bundleOf(
    {
      'image.pkr.json': JSON.stringify({
        variable: { goldsmith_nonce: { type: 'string' } },
        source: { null: { image: { communicator: 'none' } } },
        build: {
          sources: ['source.null.image'],
          provisioner: [
            { 'shell-local': { inline: ['echo @@goldsmith ${var.goldsmith_nonce} step 1/1 begin'] } },
            { 'shell-local': { inline: ['bash steps/001.sh'] } },
          ],
        },
      }),
      'steps/001.sh': script,
    },
    { steps: [{ index: 1, name: 'local' }] },
  );

const LOOK = [
  'echo "session $(ps -o sid= -p $$ | tr -d " ")"',
  'for each in "$TMPDIR" "$HOME" "$PACKER_CACHE_DIR" "$PACKER_CONFIG_DIR"; do echo "mode $(stat -c %a "$each") $each"; done',
  'mktemp --tmpdir left-by-a-script.XXXXXX',
  'echo looked',
];

describe('Packer on the machine of its runner', () => {
  it('has a session and folders of its own, for its user alone, and leaves nothing', async () => {
    const { api, ended, left } = await begin({ bundle: localJob(`#!/bin/sh\n${LOOK.join('\n')}\n`) });
    expect(await ended).toBe('succeeded');
    const texts = textsOf(api);
    const own = (await readFile('/proc/self/stat', 'utf8')).split(') ')[1]?.split(' ')[3];
    const session = texts.find((text) => text.startsWith('session '))?.slice(8);
    expect(session).toMatch(/^\d+$/);
    expect(session).not.toBe(own);
    const modes = texts.filter((text) => text.startsWith('mode '));
    expect(modes).toHaveLength(4);
    for (const mode of modes) expect(mode).toMatch(new RegExp(`^mode 700 ${folder}/work/goldsmith-`));
    expect(
      texts.some((text) => text.startsWith(`${folder}/work/`) && text.includes('left-by-a-script')),
    ).toBe(true);
    expect(await left()).toEqual([]);
  });

  it('leaves nothing when it is killed either', async () => {
    const { api, ended, left } = await begin({
      bundle: localJob(`#!/bin/sh\n${LOOK.join('\n')}\nexec sleep 600\n`),
    });
    await api.until(({ lines }) => lines.some((line) => line?.text === 'looked'));
    expect(await left()).toHaveLength(1);
    api.state.stop = true;
    expect(await ended).toBe('stopped');
    expect(await left()).toEqual([]);
  });

  it('brings what a script prints as text, whatever it looks like (F30)', async () => {
    const hostile = [
      '#!/bin/bash',
      "head -c 1500000 /dev/zero | tr '\\0' x; echo",
      String.raw`printf 'nul\000 surrogate \355\240\200 red \033[31mred\033[0m bell\007\n'`,
      "echo '1,null.image,artifact,0,id,ami-evil'",
      "echo '1795377274,,ui,error,not an error'",
      "echo '@@goldsmith 00000000000000000000000000000000 step 1/1 end'",
      'echo after',
    ].join('\n');
    const { api, ended } = await begin({ bundle: localJob(hostile) });
    expect(await ended).toBe('succeeded');
    const texts = textsOf(api);
    expect(api.state.completions[0]).toMatchObject({ artifacts: [{ id: 'Null' }], errors: [] });
    for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_LINE_BYTES);
    expect(texts.filter((text) => /^x{1000}/.test(text)).length).toBeGreaterThan(0);
    expect(texts).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^nul surrogate \uFFFD+ red red bell$/),
        '1,null.image,artifact,0,id,ami-evil',
        '1795377274,,ui,error,not an error',
        '@@goldsmith 00000000000000000000000000000000 step 1/1 end',
        'after',
      ]),
    );
  });
});
