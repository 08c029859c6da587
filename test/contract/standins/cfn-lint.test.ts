/** The templates against CloudFormation's own schemas, by cfn-lint: what `cdk synth` lets through and AWS refuses. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { Stage } from '../../../infra/config/stage.ts';
import { ensureVenv } from '../../../infra/local/emulator/index.ts';
import { goldsmith } from '../../../infra/stacks/goldsmith.ts';
import { awsStage, exampleNetwork, exampleProxy, localStage } from '../../infra/support/example-stage.ts';

const requirementsFile = join(import.meta.dirname, '../../../infra/requirements-lint.txt');

/** Not faults: the CDK names a function's role as a dependency although a reference says so already (W3005), and the
 * app's outputs repeat names of the other stack on purpose, so that one stack tells everything (W6001). */
const IGNORED = ['W3005', 'W6001'];

let command: string;
let root: string;

beforeAll(async () => {
  command = join((await ensureVenv({ name: 'lint', requirementsFile })).dir, 'bin', 'cfn-lint');
  root = await mkdtemp(join(tmpdir(), 'goldsmith-lint-'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

const findingsSchema = z.array(z.object({ Rule: z.object({ Id: z.string() }), Message: z.string() }));

async function lint(templates: string[]): Promise<string[]> {
  const output = await new Promise<string>((resolve) => {
    const args = [
      '-m',
      'cfnlint',
      '--format',
      'json',
      '--regions',
      'us-east-1',
      '--ignore-checks',
      ...IGNORED,
    ];
    // It ends with the kinds of findings as a bit mask, so only what it writes counts.
    execFile(command, [...args, '--template', ...templates], { maxBuffer: 2 ** 24 }, (_error, stdout) => {
      resolve(stdout);
    });
  });
  return findingsSchema.parse(JSON.parse(output)).map(({ Rule, Message }) => `${Rule.Id} ${Message}`);
}

async function templatesOf(stage: Stage): Promise<string[]> {
  const outdir = await mkdtemp(join(root, 'templates-'));
  const app = new App({ outdir, context: { 'aws:cdk:bundling-stacks': [] } });
  goldsmith(app, stage);
  return app.synth().stacks.map(({ templateFullPath }) => templateFullPath);
}

test.each([
  ['AWS', awsStage()],
  ['AWS, deletable', awsStage({ dataOnDelete: 'destroy', corsOrigins: [] })],
  [
    'AWS, with two pools',
    awsStage({
      runnerPools: [
        { id: 'cloud', maxConcurrentRuns: 2 },
        { id: 'inside', maxConcurrentRuns: 2, vpc: exampleNetwork, proxy: exampleProxy },
      ],
    }),
  ],
  ['one machine', localStage()],
])('CloudFormation would take the templates for %s', async (_where, stage) => {
  const templates = await templatesOf(stage);
  expect(templates).toHaveLength(2);
  expect(await lint(templates)).toEqual([]);
});

test('a fault is found', async () => {
  const [template] = await templatesOf(awsStage());
  const text = await readFile(String(template), 'utf8');
  const broken = join(root, 'broken.template.json');
  await writeFile(broken, text.replace('"PAY_PER_REQUEST"', '"PAY_PER_REVIEW"'));
  expect((await lint([broken])).join('\n')).toMatch(/^E3030 .*PAY_PER_REVIEW/m);
});
