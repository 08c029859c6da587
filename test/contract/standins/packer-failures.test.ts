import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../functions/runner/clock.ts';
import { runBuild } from '../../../functions/runner/run-build.ts';
import { readSettings } from '../../../functions/runner/settings.ts';
import { classifyFailure } from '../../../shared/domain/triage/classify.ts';
import { markerText } from '../../../shared/packer/markers.ts';
import { type AgentApi, bundleOf, startAgentApi } from '../../support/agent-api.ts';

/** Real Packer 1.6.6 under the real runner: what it says when something is the matter, and what is made of it. */

const steps = [{ index: 1, name: 'one' }];
let workDir = '';
beforeAll(async () => {
  workDir = await mkdtemp(path.join(tmpdir(), 'failures-'));
});
afterAll(() => rm(workDir, { recursive: true, force: true }));

const local = (fields: object) => ({ 'shell-local': fields });
const mark = (edge: 'begin' | 'end') =>
  local({ inline: [`echo ${markerText('$PKR_VAR_goldsmith_nonce', 1, 1, edge)}`] });

/** A template with one source, named `image`, and one step. */
const template = (type: string, settings: object, step: object = { inline: ['true'] }): string =>
  JSON.stringify({
    variable: { goldsmith_nonce: { default: 'x' } },
    source: { [type]: { image: settings } },
    build: { sources: [`source.${type}.image`], provisioner: [mark('begin'), local(step), mark('end')] },
  });

const lastStepOf = ({ state }: AgentApi): number | undefined => {
  const told = new Map(
    state.progress.flatMap((news) => news.steps ?? []).map(({ index, status }) => [index, status] as const),
  );
  return [...told].findLast(([, status]) => status === 'running' || status === 'failed')?.[0];
};

/** What becomes of a template: its failure, and the line of the log that it points to. */
const fail = async (text: string, limits: { timeoutSeconds?: number } = {}) => {
  const bundle = bundleOf(
    { 'image.pkr.json': text },
    { steps: steps.map((step) => ({ ...step, ...limits })) },
  );
  const api = await startAgentApi({ bundle });
  const environment = {
    ...api.environment,
    GOLDSMITH_PACKER: '/usr/bin/packer',
    GOLDSMITH_WORK_DIR: workDir,
  };
  await runBuild(readSettings(environment), {
    send: fetch,
    clock: systemClock,
    random: Math.random,
    terminate: new AbortController().signal,
    environment: { PATH: '/usr/bin:/bin', AWS_EC2_METADATA_DISABLED: 'true' },
    readOutputOf: () => () => ({}),
  });
  await api.close();
  const [completion] = api.state.completions;
  if (completion === undefined) throw new Error('nothing was handed over');
  const failure = classifyFailure({ ...completion, steps, lastStep: lastStepOf(api) });
  return { ...failure, line: api.state.lines[(failure.logSeq ?? 0) - 1]?.text ?? '' };
};

const nobody = { ssh_username: 'x', ssh_password: 'y' };
const noIso = { ...nobody, headless: true, accelerator: 'tcg' };
const none = { communicator: 'none' };
const vcenter = { vcenter_server: '127.0.0.1:1', username: 'a', password: 'b', insecure_connection: true };
const ami = { region: 'eu-west-1', skip_region_validation: true, source_ami: 'ami-1', ami_name: 'abcd' };
const closed = { ssh_host: '127.0.0.1', ssh_port: 1, ssh_timeout: '2s' };

test.each<[string, string, string, RegExp]>([
  [
    'a field that no builder has',
    template('null', { ...none, foo: 1 }),
    'template-invalid',
    /^Error: Extraneous/,
  ],
  ['a builder that is not there', template('nosuch', {}), 'packer-plugin-missing', /^Error: Unknown source/],
  [
    'an SSH port that is closed',
    template('null', { ...nobody, ...closed }),
    'ssh-timeout',
    /^Timeout waiting for SSH/,
  ],
  [
    'a WinRM port that is closed',
    template('null', {
      communicator: 'winrm',
      winrm_host: '127.0.0.1',
      winrm_port: 1,
      winrm_username: 'x',
      winrm_password: 'y',
      winrm_timeout: '2s',
    }),
    'winrm-timeout',
    /^Timeout waiting for WinRM/,
  ],
  [
    'an ISO that cannot be fetched',
    template('qemu', { ...noIso, iso_url: 'http://127.0.0.1:1/x.iso', iso_checksum: 'none' }),
    'base-image-download-failed',
    /^error downloading ISO/,
  ],
  [
    'an ISO of another checksum',
    template('qemu', { ...noIso, iso_url: '/etc/hostname', iso_checksum: `sha256:${'0'.repeat(64)}` }),
    'base-image-checksum-mismatch',
    /Checksums did not match/,
  ],
  [
    'an account without credentials (S149)',
    template('amazon-ebs', { ...ami, instance_type: 't3.micro', ssh_username: 'x' }),
    'credentials-invalid',
    /no valid credential sources/,
  ],
  [
    'a vCenter that does not answer',
    template('vsphere-clone', { ...nobody, ...vcenter, template: 't', vm_name: 'x', host: 'h' }),
    'platform-unreachable',
    /connection refused/,
  ],
])('%s', async (_, text, errorId, line) => {
  const failure = await fail(text);
  expect(failure).toMatchObject({ errorId, step: null, exitCode: null });
  expect(failure.line).toMatch(line);
});

test('a script that complains, fails, is tried again and fails: its own last word counts (S110, S151)', async () => {
  const inline = [
    'echo "AccessDenied: harmless" >&2',
    'echo "E: Unable to locate package x" >&2',
    'exit 100',
  ];
  const failure = await fail(template('null', none, { inline, max_retries: 1 }));
  expect(failure).toMatchObject({ errorId: 'package-not-found', step: 'one', exitCode: 100 });
  expect(failure.line).toBe('E: Unable to locate package x');
});

// Packer itself may or may not say that it cancelled the step: its two lines race.
test('a step over its limit, of a provisioner that calls that an error of the script (S78)', async () => {
  const text = template('null', none, { inline: ['sleep 20'], timeout: '1s' });
  const failure = await fail(text, { timeoutSeconds: 1 });
  expect(failure).toMatchObject({ errorId: 'step-timed-out', category: 'timeout', step: 'one' });
  expect(failure.line).toBe('Step 1/1 one: timed out: it took longer than its limit of 1 s');
});
