import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { leftOut } from '../../infra/config/left-out-locally.ts';
import { packerReleaseSchema, readPackerRelease } from '../../infra/config/packer-release.ts';
import { stageFrom } from '../../infra/config/stages.ts';
import { buildSpecOf } from '../../infra/constructs/build-spec.ts';
import { platforms } from '../../shared/platforms/registry.ts';
import { exampleRelease } from './support/example-stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'goldsmith-config-'));

function releaseFile(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}
const packerRelease = releaseFile('good.json', exampleRelease);
const localEndpoint = 'http://127.0.0.1:4566';

test('without a stage the error says which there are', () => {
  expect(() => stageFrom({})).toThrow(/-c stage=dev, -c stage=prod or -c stage=local/);
});

test('the local stage needs the address of the emulator', () => {
  expect(() => stageFrom({ stage: 'local' })).toThrow(/localEndpoint/);
  expect(() => stageFrom({ stage: 'local', localEndpoint: 'https://aws.example' })).toThrow(/http address/);
});

test('context that means nothing is refused', () => {
  expect(() => stageFrom({ stage: 'local', localEndpoint, spelling: 'mistake' })).toThrow(/spelling/);
});

test('stages on AWS need a release of Packer, and the error says how to get it', () => {
  const missing = join(folder, 'missing.json');
  expect(() => stageFrom({ stage: 'dev', packerRelease: missing })).toThrow(
    /missing\.json.*SHA256SUMS.*signature/s,
  );
});

test('a release without a proper checksum is refused, with its place', () => {
  const path = releaseFile('short.json', { ...exampleRelease, sha256: 'abc' });
  expect(() => stageFrom({ stage: 'prod', packerRelease: path })).toThrow(/64 lower-case.*\n.*sha256/s);
});

test('a release that is not JSON is named', () => {
  const path = releaseFile('text.json', 'packer 1.2.3');
  expect(() => stageFrom({ stage: 'prod', packerRelease: path })).toThrow(/text\.json is not JSON/);
});

test.each([
  'https://x.example/a.zip;rm',
  'https://x.example/$(id).zip',
  'http://x.example/a.zip',
  'https://x.example/a b',
])('the address %s never reaches a build command', (url) => {
  expect(packerReleaseSchema.safeParse({ ...exampleRelease, url }).success).toBe(false);
});

test('the release in the repository holds plugins in the versions that the templates of the platforms ask for', () => {
  const { plugins } = readPackerRelease('infra/config/packer-release.json');
  const asked = new Map(Object.values(platforms).flatMap((platform) => Object.entries(platform.plugins)));
  expect(plugins.length).toBeGreaterThan(0);
  for (const { name, source, version } of plugins)
    expect([name, asked.get(name)]).toEqual([name, { source, version: `= ${version}` }]);
});

test('production keeps its data and its logs for long', () => {
  expect(stageFrom({ stage: 'prod', packerRelease })).toMatchObject({
    name: 'prod',
    dataOnDelete: 'retain',
    logRetentionDays: 365,
    workspaceLimit: 20,
    reservedConcurrency: {},
    heartbeatSeconds: 5,
    chunkIntervalMilliseconds: 500,
    packer: { source: 'download', generation: 'modern', sha256: exampleRelease.sha256 },
  });
});

test('development can be deleted', () => {
  expect(stageFrom({ stage: 'dev', packerRelease }).dataOnDelete).toBe('destroy');
});

test('the local stage is livelier and uses the Packer of the machine', () => {
  expect(stageFrom({ stage: 'local', localEndpoint })).toMatchObject({
    local: { endpoint: localEndpoint },
    heartbeatSeconds: 2,
    chunkIntervalMilliseconds: 100,
    packer: { source: 'system', generation: '1.6' },
  });
  expect(
    stageFrom({ stage: 'local', localEndpoint, localPackerGeneration: 'modern' }).packer.generation,
  ).toBe('modern');
});

const direct = { isProxied: false, certificates: [] };

test('nothing downloaded is used before its checksum is right', () => {
  const { phases } = buildSpecOf({ source: 'download', generation: 'modern', ...exampleRelease }, direct);
  expect(phases.build.commands).toEqual(['node runner.mjs']);
  expect(phases.install?.['on-failure']).toBe('ABORT');
  const commands = phases.install?.commands ?? [];
  const downloads = commands.filter((command) => command.startsWith('curl '));
  expect(downloads).toHaveLength(2);
  for (const { url, sha256 } of [exampleRelease, ...exampleRelease.plugins]) {
    const place = commands.findIndex((command) => command.endsWith(` ${url}`));
    expect(commands[place]).toMatch(/^curl --fail /);
    expect(commands[place + 1]).toContain(sha256);
    expect(commands[place + 1]).toMatch(/\| sha256sum --check --strict$/);
    expect(commands[place + 2]).toMatch(/^unzip /);
  }
  expect(commands.at(-1)).toMatch(/^packer plugins install --path .* github\.com\/hashicorp\/amazon$/);
});

test('a machine with its own Packer installs nothing', () => {
  expect(buildSpecOf({ source: 'system', generation: '1.6' }, direct).phases).toEqual({
    build: { commands: ['node runner.mjs'] },
  });
});

test('the documentation lists what the local stage goes without', () => {
  const documentation = readFileSync(join(import.meta.dirname, '../../docs/deploying.md'), 'utf8');
  for (const what of Object.keys(leftOut)) expect(documentation).toContain(`\`${what}\``);
});
