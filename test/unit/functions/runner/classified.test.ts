import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Completion } from '../../../../shared/contracts/agent-protocol.ts';
import { classifyFailure } from '../../../../shared/domain/triage/classify.ts';
import { type AgentApi, type AgentApiOptions, bundleOf } from '../../../support/agent-api.ts';
import { type FakeCommands, PRINT_ARTIFACT, printMarker } from './fake-packer.ts';
import { begin, run } from './run-harness.ts';

const steps = [
  { index: 1, name: 'install' },
  { index: 2, name: 'harden' },
];

/** The failure of what a runner handed over, and the line of the log that it points to. */
const judged = (api: AgentApi, completion: Completion | undefined) => {
  if (completion === undefined) throw new Error('nothing was handed over');
  const statuses = new Map(
    api.state.progress.flatMap(({ steps: told = [] }) =>
      told.map(({ index, status }) => [index, status] as const),
    ),
  );
  const open = [...statuses].findLast(([, status]) => status === 'running' || status === 'failed');
  const failure = classifyFailure({ ...completion, steps, lastStep: open?.[0] });
  return { failure, line: api.state.lines[(failure.logSeq ?? 0) - 1]?.text ?? '' };
};

const classified = async (commands: FakeCommands, options: Partial<AgentApiOptions> = {}) => {
  const { api, completion } = await run(commands, options);
  return judged(api, completion);
};

const status =
  (verb: string, code: number): AgentApiOptions['fault'] =>
  (asked) =>
    asked === verb ? { kind: 'status', status: code } : undefined;

describe('what goes wrong before Packer starts is in the log, and known by its own words (S153)', () => {
  const altered = bundleOf({ 'image.pkr.json': '{}' });
  altered.files.push({ path: 'evil.sh', content: 'x', sha256: '0'.repeat(64) });
  const plugins = bundleOf({ 'image.pkr.json': '{}', 'plugins.pkr.json': '{}' }, { generation: 'modern' });
  const file = {
    path: 'steps/app.bin',
    resourceId: 'res_1',
    version: 1,
    sizeBytes: 3,
    sha256: '0'.repeat(64),
  };
  const withFile = bundleOf({ 'image.pkr.json': '{}' }, { downloads: [file] });
  const rateLimit =
    'say error \'Failed getting the "github.com/hashicorp/amazon" plugin:\'; say error "1 error occurred:"; exit 1';

  it.each<[string, FakeCommands, Partial<AgentApiOptions>, string, RegExp]>([
    ['no Packer', { version: 'exit 1' }, {}, 'packer-not-usable', /could not be started/],
    [
      'another Packer',
      { version: "echo '1,,version,1.9.5'" },
      {},
      'packer-not-usable',
      /^This machine has Packer 1\.9\.5/,
    ],
    ['an altered job', {}, { bundle: altered }, 'job-bundle-unusable', /evil\.sh/],
    ['a job that is refused', {}, { fault: status('bundle', 403) }, 'job-bundle-unusable', /status 403/],
    ['a file that nobody has', {}, { bundle: withFile }, 'resource-unavailable', /app\.bin/],
    [
      'plugins that cannot be fetched',
      { version: "echo '1,,version,1.16.0'", init: rateLimit },
      { bundle: plugins },
      'packer-plugin-download-failed',
      /^Failed getting/,
    ],
    [
      'a job that fits into no process',
      { build: PRINT_ARTIFACT },
      { claim: { variables: { key: 'x'.repeat(200_000) } } },
      'runner-failed',
      /E2BIG/,
    ],
  ])('%s', async (_, commands, options, errorId, line) => {
    const told = await classified(commands, options);
    expect(told.failure).toMatchObject({ errorId, step: null });
    expect(told.line).toMatch(line);
  });

  it('a folder that cannot be made', async () => {
    const { api, fake, ended } = await begin({ build: PRINT_ARTIFACT });
    await writeFile(fake.workDir, 'a file is where the folder should be');
    await ended;
    const { failure, line } = judged(api, api.state.completions[0]);
    expect(failure.errorId).toBe('runner-failed');
    expect(line).toContain('The runner failed: ');
  });
});

describe('a build that fails is classified from what the runner hands over', () => {
  const EXIT = 'Script exited with non-zero exit status: 100.Allowed exit codes are: [0]';
  const ended = [
    'say say "==> null.image: Provisioning step had errors: Running the cleanup provisioner%!(PACKER_COMMA) if present..."',
    `say error "Build 'null.image' errored after 1 second: ${EXIT}"`,
    `say error "\\\\n==> Some builds didn't complete successfully and had errors:"`,
    `say error "--> null.image: ${EXIT}"`,
    'exit 1',
  ];
  /** As Packer 1.6.6 told it of a script that complains, fails and is tried once more. */
  const script = (complaint: string) => [
    'say error "==> null.image: AccessDenied: harmless"',
    `say error "==> null.image: ${complaint}"`,
  ];
  const retry = `say say "==> null.image: Provisioner failed with \\"${EXIT}\\"%!(PACKER_COMMA) retrying with 1 trie(s) left"`;

  it('by the last try of its step, with the line and the code of the script (S110, S151, S154)', async () => {
    const build = [
      printMarker(1, 2, 'begin'),
      ...script('E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt-get)'),
      retry,
      ...script('E: Unable to locate package ngninx'),
      'say say "==> null.image: retry limit reached."',
      ...ended,
    ].join('\n');
    const { failure, line } = await classified({ build });
    expect(failure).toMatchObject({ errorId: 'package-not-found', step: 'install', exitCode: 100 });
    expect(line).toBe('E: Unable to locate package ngninx');
  });

  it('by its first line, when two thousand follow it', async () => {
    const flood =
      'i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo "1,,ui,error,==> null.image: cp: f$i: No space left on device"; done';
    const { failure, line } = await classified({
      build: [printMarker(1, 2, 'begin'), flood, ...ended].join('\n'),
    });
    expect(failure.errorId).toBe('guest-disk-full');
    expect(line).toBe('cp: f1: No space left on device');
  });

  it('by the runner, when Packer is killed or names no image (F45)', async () => {
    const killed = await classified({ build: 'kill -KILL $$' });
    expect(killed.failure).toMatchObject({ errorId: 'packer-killed', category: 'platform' });
    expect(killed.line).toContain('SIGKILL');
    const silent = await classified({ build: "echo '1,null.image,artifact-count,0'" });
    expect(silent.failure.errorId).toBe('no-image-reported');
  });

  it('by what Packer printed when it crashed', async () => {
    const { failure, line } = await classified({ build: 'echo "panic: runtime error: index" >&2; exit 2' });
    expect(failure.errorId).toBe('packer-crashed');
    expect(line).toContain('panic');
  });

  it('as nothing known, with its last error lines', async () => {
    const { failure, line } = await classified({ build: 'say error "Error: the moon is full"; exit 1' });
    expect(failure).toMatchObject({ errorId: 'unclassified', message: 'Error: the moon is full' });
    expect(line).toBe('Error: the moon is full');
  });
});
