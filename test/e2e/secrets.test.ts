import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import { provisionerSchema } from '../../shared/contracts/entities/provisioner.ts';
import type { Run } from '../../shared/contracts/entities/run.ts';
import { get } from '../support/e2e-client.ts';
import { createDefinition, shellStep } from '../support/e2e-definitions.ts';
import {
  allObjects,
  allRowTexts,
  buildFolder,
  buildIdOf,
  buildLog,
  processesOf,
  readBuild,
  readFolder,
} from '../support/e2e-machine.ts';
import { outputOf, readLog, startRun, waitForLine, waitForRun } from '../support/e2e-runs.ts';
import { Viewer } from '../support/e2e-viewer.ts';
import { until } from '../support/e2e-wait.ts';

/** Changes in base64 and in a URL, and has what a shell would stumble over. */
const SECRET = `s3cret/${randomBytes(9).toString('base64url')}+&"'$x end`;
const FORMS: [string, string][] = [
  ['as it is', SECRET],
  ['in base64', Buffer.from(SECRET).toString('base64')],
  ['URL-encoded', encodeURIComponent(SECRET)],
  ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
  ['quoted for a shell', SECRET.replaceAll("'", `'"'"'`)],
];

/** Packer keeps the environment of the running script and its own crash log in its temporary folder. */
const PACKERS_OWN = /\/packer-(log|shell-vars)\d+$/;
const DIGEST = createHash('sha256').update(SECRET).digest('hex');

const script = [
  '#!/bin/bash',
  'encode() {',
  '  for ((at = 0; at < ${#1}; at++)); do',
  '    sign=${1:at:1}',
  `    case $sign in [a-zA-Z0-9._~\\'-]) printf %s "$sign" ;; *) printf %%%02X "'$sign" ;; esac`,
  '  done',
  '}',
  'echo "sha256 $(printf %s "$SECRET" | sha256sum | cut -d " " -f 1)"',
  'echo "plain $SECRET"',
  'echo "error $SECRET" >&2',
  'echo "base64 $(printf %s "$SECRET" | base64 | tr -d "\n")"',
  'echo "url $(encode "$SECRET")"',
  'echo all printed; sleep 2',
].join('\n');

let run: Run;
let log: LogLine[] = [];
let viewer: Viewer;
let folder = new Map<string, Buffer>();
/** Of the files that Packer itself wrote. */
const modes = new Map<string, number>();
let commandLines: string[] = [];
let buildId = '';
let provisionerId = '';

const holdersOf = (form: string, texts: Iterable<[string, Buffer | string]>): string[] =>
  [...texts].flatMap(([name, content]) => (content.includes(form) ? [name] : []));

beforeAll(async () => {
  const created = await createDefinition('Secretive', [
    shellStep('Prints it', script, { secretEnvironment: { SECRET: { value: SECRET } } }),
  ]);
  provisionerId = created.provisionerIds[0] ?? '';
  viewer = await Viewer.open();
  run = await startRun(created.definition.id);
  await viewer.followLog(run.id);
  await waitForLine(run.id, ({ text }) => text === 'all printed');
  buildId = await buildIdOf(run.id);
  folder = await readFolder(buildFolder(buildId));
  for (const path of [...folder.keys()].filter((each) => PACKERS_OWN.test(each)))
    modes.set(path, (await stat(path)).mode);
  commandLines = (await processesOf(buildId)).map(({ commandLine }) => commandLine);
  run = await waitForRun(run.id);
  log = await readLog(run.id);
});

afterAll(() => viewer.close());

describe('a secret that a script prints', () => {
  it('has really reached the script', () => {
    expect(run.status).toBe('Succeeded');
    expect(outputOf(log, 1)).toContain(`sha256 ${DIGEST}`);
  });

  it('is replaced in every line that says it', () => {
    expect(outputOf(log, 1).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'all printed',
      'base64 <redacted>',
      'error <redacted>',
      'plain <redacted>',
      `sha256 ${DIGEST}`,
      'url <redacted>',
    ]);
  });

  it.each(FORMS)('is not in the stored log %s', (_, form) => {
    expect(log.filter(({ text }) => text.includes(form))).toEqual([]);
  });

  it.each(FORMS)('is not in what comes over the socket %s', (_, form) => {
    expect(viewer.lines(run.id).length).toBeGreaterThan(5);
    expect(JSON.stringify(viewer.heard)).not.toContain(form);
  });

  it.each(FORMS)(
    'is in no file of the build but those of Packer itself, and in no command line %s',
    async (_, form) => {
      expect([...folder.keys()].some((path) => path.endsWith('image.pkr.json'))).toBe(true);
      const files = [...folder].filter(([path]) => !PACKERS_OWN.test(path));
      expect(holdersOf(form, files)).toEqual([]);
      expect(holdersOf(form, [['the log of the build', await buildLog(buildId)]])).toEqual([]);
      expect(commandLines.length).toBeGreaterThan(0);
      expect(commandLines.filter((line) => line.includes(form))).toEqual([]);
    },
  );

  it('is in files of Packer itself that only their owner can read, and that go with the build', async () => {
    expect(modes.size).toBeGreaterThan(0);
    for (const mode of modes.values()) expect(mode & 0o077).toBe(0);
    await until('an end of the folder', 10, () => !existsSync(buildFolder(buildId)));
    expect(existsSync(buildFolder(buildId))).toBe(false);
  });

  it.each(FORMS)('is not among the variables that CodeBuild was given %s', async (_, form) => {
    const build = await readBuild(buildId);
    const names = build.environment?.environmentVariables?.map(({ name }) => name);
    expect(names).toContain('GOLDSMITH_RUN_ID');
    expect(JSON.stringify(build)).not.toContain(form);
  });

  it.each(FORMS)('is in no row of any table %s', async (_, form) => {
    const rows = await allRowTexts();
    // What is no secret is found in this way.
    expect(rows.some((row) => row.includes(DIGEST))).toBe(true);
    expect(rows.filter((row) => row.includes(form))).toEqual([]);
  });

  it.each(FORMS)('is in no object of any bucket %s', async (_, form) => {
    const objects = await allObjects();
    expect(objects.some(({ key }) => key.includes(run.id))).toBe(true);
    const texts = objects.map(({ key, content }): [string, Buffer] => [key, content]);
    expect(holdersOf(form, texts)).toEqual([]);
  });

  it('is not read back through the API', async () => {
    const provisioner = await get(`/provisioners/${provisionerId}`, provisionerSchema);
    expect(provisioner).toMatchObject({ secretEnvironment: { SECRET: { set: true } } });
    for (const [, form] of FORMS) expect(JSON.stringify(provisioner)).not.toContain(form);
  });
});
