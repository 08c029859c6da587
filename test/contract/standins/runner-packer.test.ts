import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPacker, listSession } from '../../../functions/runner/processes.ts';
import type { ClaimAnswer } from '../../../shared/contracts/agent-protocol.ts';
import { type JobBundle, NONCE_VARIABLE } from '../../../shared/contracts/bundle.ts';
import { markerText } from '../../../shared/packer/markers.ts';
import {
  type AgentApi,
  type AgentApiOptions,
  bundleOf,
  type Fault,
  startAgentApi,
} from '../../support/agent-api.ts';

/**
 * The whole runner as its own process, with the real Packer 1.6.6 of Debian. It needs `packer` on the PATH and does
 * not touch any cloud: the `null` builder, local scripts, and an ssh address where nothing listens.
 */

const MAIN = path.resolve('functions/runner/main.ts');

let folder = '';
const apis: AgentApi[] = [];
const started: number[] = [];

beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'runner-test-')));
});
afterEach(async () => {
  for (const api of apis.splice(0)) await api.close();
  for (const pid of started.splice(0)) kill(pid);
  await rm(folder, { recursive: true, force: true });
});

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
};

const shellLocal = (...inline: string[]) => ({ 'shell-local': { inline } });
/** As the compiler emits it, with the nonce as the template's variable. */
const marker = (index: number, total: number, edge: 'begin' | 'end') =>
  shellLocal(`echo ${markerText(`\${var.${NONCE_VARIABLE}}`, index, total, edge)}`);

/** A template with local scripts as its steps, each between its markers. */
const localBuild = (scripts: string[][], source: object = { communicator: 'none' }): JobBundle => {
  const total = scripts.length;
  const template = {
    variable: {
      [NONCE_VARIABLE]: { type: 'string' },
      secret: { type: 'string', sensitive: true, default: 'x' },
    },
    source: { null: { image: source } },
    build: {
      sources: ['source.null.image'],
      provisioner: scripts.flatMap((inline, at) => [
        marker(at + 1, total, 'begin'),
        shellLocal(...inline),
        marker(at + 1, total, 'end'),
      ]),
    },
  };
  const steps = scripts.map((_, at) => ({ index: at + 1, name: `step-${at + 1}` }));
  return bundleOf({ 'image.pkr.json': JSON.stringify(template, null, 2) }, { steps });
};

const startRunner = async (options: AgentApiOptions, environment: Record<string, string> = {}) => {
  const api = await startAgentApi(options);
  apis.push(api);
  const child: ChildProcess = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'] ?? '', ...api.environment, GOLDSMITH_WORK_DIR: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) started.push(child.pid);
  let said = '';
  child.stdout?.on('data', (part) => (said += String(part)));
  child.stderr?.on('data', (part) => (said += String(part)));
  const ended = once(child, 'exit').then(([code]: unknown[]) => ({ code, said }));
  return { api, child, ended };
};

const run = async (bundle: JobBundle, claim: Partial<ClaimAnswer> = {}, fault?: AgentApiOptions['fault']) => {
  const { api, ended } = await startRunner({ bundle, claim, ...(fault && { fault }) });
  const { code, said } = await ended;
  return { api, code, said, completion: api.state.completions[0], texts: textsOf(api) };
};
const textsOf = (api: AgentApi) => api.state.lines.map((line) => line?.text ?? '');
const stepsOf = (api: AgentApi) =>
  api.state.progress.flatMap(({ steps = [] }) => steps.map(({ index, status }) => `${index} ${status}`));
const soon = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();

/** A program that sleeps under another name. */
const sleeper = async (name: string): Promise<string> => {
  const target = path.join(folder, name);
  await copyFile(await realpath('/bin/sleep'), target);
  return target;
};
/** The session that the script of a step belongs to, as `ps` in the step printed it. */
const sessionOf = async (file: string): Promise<number> => Number((await readFile(file, 'utf8')).trim());
const NOTE_SESSION = (file: string) => `ps -o sid= -p $$ > ${file}`;

describe('the runner with Packer 1.6.6', () => {
  it('hands over a build that succeeded, with its steps, artifact and log (S49, S59, S76)', async () => {
    const bundle = localBuild([
      ['echo hello', 'echo trouble >&2'],
      ['printf "C:\\\\\\\\new\\\\\\\\run a,b\\n"'],
    ]);
    const { api, code, said, completion } = await run(bundle);

    expect(said).toContain('Handed over: succeeded');
    expect(code).toBe(0);
    expect(completion).toMatchObject({
      outcome: 'succeeded',
      exitCode: 0,
      artifacts: [{ builderId: 'fnoeding.null', id: 'Null' }],
      lastSeq: api.state.lines.length,
    });
    expect(stepsOf(api)).toEqual(['1 running', '1 succeeded', '2 running', '2 succeeded']);
    const lines = api.state.lines.map((line) => `${line?.step} ${line?.stream} ${line?.level} ${line?.text}`);
    expect(lines).toContain('1 stdout info hello');
    expect(lines).toContain('1 stderr error trouble');
    expect(lines).toContain(String.raw`2 stdout info C:\new\run a,b`);
    expect(lines.join('\n')).not.toMatch(/@@goldsmith|packer-shell/);
  });

  it('names the step and the error of a script that fails, and skips the rest (S60, S110, S151)', async () => {
    const { api, code, completion } = await run(localBuild([['echo one'], ['exit 7'], ['echo never']]));
    expect(code).toBe(0);
    expect(completion).toMatchObject({ outcome: 'failed', exitCode: 1, artifacts: [] });
    expect(stepsOf(api).slice(2)).toEqual(['2 running', '2 failed', '3 skipped']);
    const error = completion?.errors.find(({ text }) => text.includes('non-zero exit status: 7'));
    expect(api.state.lines[(error?.seq ?? 0) - 1]?.text).toBe(error?.text);
  });

  it('reports a machine that cannot be reached (S149)', async () => {
    const source = {
      communicator: 'ssh',
      ssh_host: '127.0.0.1',
      ssh_port: 1,
      ssh_username: 'nobody',
      ssh_password: 'wrong-password',
      ssh_timeout: '1s',
    };
    const { completion, api } = await run(localBuild([['echo never']], source));
    expect(completion?.outcome).toBe('failed');
    expect(completion?.errors.map(({ text }) => text)).toContain('Timeout waiting for SSH.');
    expect(stepsOf(api)).toEqual(['1 skipped']);
  });

  it('reports a template that is not valid, before anything is made (S152)', async () => {
    const bundle = localBuild([['echo never']], { comunicator: 'none' });
    const { completion, texts } = await run(bundle);
    expect(completion).toMatchObject({ outcome: 'failed', exitCode: 1 });
    expect(texts.join('\n')).toContain('"comunicator"');
  });

  it('leaves nothing on the machine', async () => {
    await run(localBuild([['echo "$TMPDIR" > "$TMPDIR/left"; echo x > "$HOME/left"']]));
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a stop with Packer 1.6.6', () => {
  const build = async () => {
    const [vm, session, cleaned] = [
      await sleeper('qemu-system-x86_64'),
      path.join(folder, 'sid'),
      path.join(folder, 'cleaned'),
    ];
    const script = [
      `trap 'touch ${cleaned}' TERM INT HUP`,
      `${vm} 60 >/dev/null 2>&1 </dev/null &`,
      NOTE_SESSION(session),
      'echo ready',
      'sleep 30',
    ];
    const begun = await startRunner({ bundle: localBuild([[script.join('\n')]]) });
    await begun.api.until(({ lines }) => lines.some((line) => line?.text === 'ready'));
    return { ...begun, sessionId: await sessionOf(session), cleaned };
  };
  const expectOnlyTheVm = async (sessionId: number) => {
    const left = await listSession(sessionId);
    for (const { pid } of left) started.push(pid);
    const names = left.map(({ executable }) => path.basename(executable));
    expect(left.filter(({ executable }) => isPacker(executable))).toEqual([]);
    expect(names).toContain('qemu-system-x86_64');
  };

  it('leaves no Packer, and the build VM alive, within a second of being heard (S47, S61, S82)', async () => {
    const { api, ended, sessionId, cleaned } = await build();
    const running = (await listSession(sessionId)).filter(({ executable }) => isPacker(executable));
    expect(running.length).toBeGreaterThanOrEqual(3);

    const asked = performance.now();
    api.state.stop = true;
    await api.until(({ completions }) => completions.length > 0);
    // A heartbeat of 0.2 s, the kill and the hand-over.
    expect(performance.now() - asked).toBeLessThan(1500);

    expect((await ended).code).toBe(0);
    expect(api.state.completions).toMatchObject([{ outcome: 'stopped', artifacts: [] }]);
    await expectOnlyTheVm(sessionId);
    await expect(readFile(cleaned)).rejects.toThrow('ENOENT');
  });

  it('follows from a signal to the runner, too, and is handed over', async () => {
    const { api, child, ended, sessionId, cleaned } = await build();
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    expect(api.state.completions).toMatchObject([{ outcome: 'stopped' }]);
    await expectOnlyTheVm(sessionId);
    await expect(readFile(cleaned)).rejects.toThrow('ENOENT');
  });

  it('follows from a lost lease, and nothing is handed over', async () => {
    const { api, ended, sessionId } = await build();
    api.state.isLeaseLost = true;
    expect((await ended).code).toBe(1);
    expect(api.state.completions).toEqual([]);
    await expectOnlyTheVm(sessionId);
  });
});

describe('the deadline with Packer 1.6.6', () => {
  it('makes Packer clean up before it ends (S48)', async () => {
    const { completion, texts, api } = await run(localBuild([['exec sleep 30']]), { deadlineAt: soon(4000) });
    expect(completion).toMatchObject({ outcome: 'timed-out', exitCode: 1 });
    expect(texts.join('\n')).toContain('The time of the run is up');
    expect(texts.join('\n')).toMatch(/Cancelling build|cancelled/);
    expect(stepsOf(api)).toEqual(['1 running', '1 failed']);
  });
});

describe('what reaches the API from Packer 1.6.6', () => {
  it('never holds a secret, whatever it is and however it is printed', async () => {
    const secret = fc
      .string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 40 })
      // Packer would evaluate these; the compiler refuses the former and escapes the latter.
      .filter((text) => text.trim().length >= 8 && !/\{\{|\}\}/.test(text));
    const script = [
      'printf "%s\\n" "$PKR_VAR_secret"',
      'printf "%s\\n" "$PKR_VAR_secret" >&2',
      'printf "%s" "$PKR_VAR_secret" | base64',
      'printf "password=%s;\\n" "$PKR_VAR_secret"',
      'echo finished',
    ].join('\n');
    await fc.assert(
      fc.asyncProperty(secret, async (value) => {
        const { api, texts, completion } = await run(localBuild([[script]]), {
          variables: { secret: value },
        });
        expect(completion?.outcome).toBe('succeeded');
        expect(texts).toContain('finished');
        const sent = api.state.bodies
          .filter((body) => body !== '')
          .map((body) => JSON.stringify(JSON.parse(body)))
          .join('\n');
        for (const form of [value.trim(), Buffer.from(value).toString('base64')]) {
          expect(sent).not.toContain(JSON.stringify(form).slice(1, -1));
        }
      }),
      { numRuns: 8 },
    );
  });

  it('is every line once and in order, whatever goes wrong on the way (S70, S74)', async () => {
    const script = 'i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo "line $i"; done';
    const kinds: (Fault | undefined)[] = [
      { kind: 'status', status: 500 },
      { kind: 'drop', applied: true },
      undefined,
      { kind: 'twice' },
      { kind: 'drop', applied: false },
      { kind: 'status', status: 503, applied: true },
      { kind: 'garbage' },
      { kind: 'delay', milliseconds: 40 },
    ];
    const { texts, code } = await run(
      localBuild([[script]]),
      {},
      (_verb, count) => kinds[count % kinds.length],
    );
    expect(code).toBe(0);
    expect(texts.filter((text) => text.startsWith('line '))).toEqual(
      Array.from({ length: 2000 }, (_, at) => `line ${at + 1}`),
    );
  });
});
