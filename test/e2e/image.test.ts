import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Image } from '@aws-sdk/client-ec2';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { imageVersionSchema } from '../../shared/contracts/entities/image-version.ts';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import type { Run } from '../../shared/contracts/entities/run.ts';
import {
  bootAndReadFile,
  imagesNamed,
  launchPermissions,
  packerGroups,
  snapshotTags,
  temporariesOf,
} from '../support/e2e-account.ts';
import { get, localStack, request } from '../support/e2e-client.ts';
import { createDefinition, definitionListSchema, shellStep } from '../support/e2e-definitions.ts';
import { outputOf, readLog, startRun, waitForRun } from '../support/e2e-runs.ts';

/** Means something to HCL, Go templates, JSON or a shell; `{{` is allowed where the text is a file of its own. */
const HOSTILE_VALUE = 'it\'s "${HOME}" %{if x} $(id) `id` \\n \\ $$ & | ; <> * é \u{1f980} \u2028 %s ~';
const HOSTILE_TEXT = `${HOSTILE_VALUE} {{ .Vars }} {{user \`x\`}} \${var.goldsmith_nonce} \t\u0007end`;
const FILE_CONTENT = `${HOSTILE_TEXT}\r\nEOF\n  second line, no line break at its end`;
const WORD = randomBytes(16).toString('hex');

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const steps = [
  shellStep(
    'Hash a word',
    [
      'printf %s "$WORD" | sha256sum | cut -d " " -f 1',
      'echo "boot $(cat /proc/sys/kernel/random/boot_id)"',
      'printf %s "$WORD" > "/home/admin/word-$WORD"',
    ].join('\n'),
    { environment: { WORD } },
  ),
  {
    name: 'Upload a text',
    type: 'file' as const,
    osFamily: 'linux' as const,
    content: FILE_CONTENT,
    destination: '/home/admin/text',
  },
  shellStep(
    'Text in a script',
    [
      "cat > /home/admin/script-text <<'END-OF-TEXT'",
      HOSTILE_TEXT,
      'END-OF-TEXT',
      'sha256sum < /home/admin/script-text | cut -d " " -f 1',
    ].join('\n'),
  ),
  shellStep('Text in the environment', 'printf %s "$TEXT" | sha256sum | cut -d " " -f 1', {
    environment: { TEXT: HOSTILE_VALUE },
  }),
];

type Created = Awaited<ReturnType<typeof createDefinition>>;
let created: Created;
let runs: Run[] = [];
let log: LogLine[] = [];
let groupsBefore: string[] = [];

const numbered = (number: number): Run => {
  const run = runs.find((each) => each.number === number);
  if (run === undefined) throw new Error(`There is no run ${number}`);
  return run;
};
const amiOf = ({ image }: Run): string =>
  image?.locators.flatMap((locator) => ('amiId' in locator ? [locator.amiId] : []))[0] ?? '';
const imageOf = async (name: string): Promise<Image> => {
  const [image, ...others] = await imagesNamed(name);
  if (image === undefined || others.length > 0) throw new Error(`${others.length} others than ${name}`);
  return image;
};

beforeAll(async () => {
  groupsBefore = await packerGroups();
  created = await createDefinition('Content', steps);
  const started = await Promise.all([startRun(created.definition.id), startRun(created.definition.id)]);
  runs = await Promise.all(started.map(({ id }) => waitForRun(id)));
  log = await readLog(numbered(1).id);
});

describe('two runs of one definition', () => {
  it('make the images NAME-v1 and NAME-v2, and both stay (S12, S59, S126, S127)', async () => {
    const { name } = created.definition;
    expect(runs.map(({ status, failure }) => ({ status, failure }))).toEqual([
      { status: 'Succeeded', failure: undefined },
      { status: 'Succeeded', failure: undefined },
    ]);
    expect((await imageOf(`${name}-v1`)).ImageId).toBe(amiOf(numbered(1)));
    expect((await imageOf(`${name}-v2`)).ImageId).toBe(amiOf(numbered(2)));
    expect(amiOf(numbered(1))).not.toBe(amiOf(numbered(2)));
  });

  it('say where their images are, in the words of the account (S21, S125, S129, S138, S139, S140)', async () => {
    const run = numbered(1);
    const image = await imageOf(`${created.definition.name}-v1`);
    expect(run.image?.locators).toEqual([
      {
        role: 'primary',
        region: localStack().region,
        accountId: image.OwnerId,
        amiId: image.ImageId,
        amiName: image.Name,
      },
    ]);
    expect(image.State).toBe('available');
  });

  it('give nobody else the right to start their images (S141, S142)', async () => {
    for (const run of runs) expect(await launchPermissions(amiOf(run))).toEqual([]);
    expect((await imageOf(`${created.definition.name}-v1`)).Public).toBe(false);
  });

  it('tag image and snapshots with deployment, workspace, definition and run', async () => {
    const run = numbered(2);
    const image = await imageOf(`${created.definition.name}-v2`);
    const wanted = [
      { Key: 'goldsmith:deployment', Value: `local-000000000000-${localStack().region}` },
      { Key: 'goldsmith:workspace', Value: localStack().workspaceId },
      { Key: 'goldsmith:definition', Value: created.definition.id },
      { Key: 'goldsmith:run', Value: run.id },
    ];
    expect(image.Tags).toEqual(expect.arrayContaining(wanted));
    const snapshots = await snapshotTags(image);
    expect(snapshots.length).toBeGreaterThan(0);
    for (const tags of snapshots) expect(tags).toEqual(expect.arrayContaining(wanted));
  });

  it('leave no machine, volume, key pair or security group (S49, S81)', async () => {
    for (const run of runs) expect(await temporariesOf(run.id)).toEqual([]);
    expect((await packerGroups()).filter((name) => !groupsBefore.includes(name))).toEqual([]);
    expect(runs.map(({ leftovers }) => leftovers.count)).toEqual([0, 0]);
  });

  it('say when they began and ended, and how much they had to do (S66)', () => {
    for (const run of runs) {
      expect(run).toMatchObject({ provisionerCount: 4, operatingSystem: { name: 'Debian 12' } });
      expect(run.steps?.map(({ status }) => status)).toEqual(Array(4).fill('succeeded'));
      const { startedAt = '', endedAt = '', durationSeconds } = run;
      const took = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
      expect(took).toBeGreaterThan(1);
      expect(Math.abs(took - (durationSeconds ?? 0))).toBeLessThan(1);
    }
  });

  it('are found from the definition: the newest image, the status of the latest run, all past runs (S43, S68, S69, S116)', async () => {
    const path = `/image-definitions/${created.definition.id}`;
    const latest = await get(`${path}/image-versions/latest`, imageVersionSchema);
    expect(latest).toMatchObject({
      number: 2,
      name: `${created.definition.name}-v2`,
      runId: numbered(2).id,
      state: 'available',
      locators: numbered(2).image?.locators,
    });
    const { items } = await get(`/image-definitions?name=${created.definition.name}`, definitionListSchema);
    expect(items).toMatchObject([
      {
        status: 'Succeeded',
        latestRun: { id: numbered(2).id, number: 2, status: 'Succeeded' },
        latestImageVersion: { number: 2, name: `${created.definition.name}-v2` },
      },
    ]);
    const past = z.object({ items: z.array(z.object({ number: z.int(), status: z.string() })) });
    expect((await get(`${path}/runs`, past)).items).toEqual([
      { number: 2, status: 'Succeeded' },
      { number: 1, status: 'Succeeded' },
    ]);
  });

  it('end for good: a stop afterwards is refused and changes nothing (S63)', async () => {
    const run = numbered(1);
    const answer = await request('POST', `/runs/${run.id}/stop`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'already-finished' } });
    expect((await waitForRun(run.id)).rev).toBe(run.rev);
  });
});

describe('what a provisioner does', () => {
  it('happens in the build VM and is in the log (S6, S7, S29, S76)', async () => {
    const output = outputOf(log, 1);
    expect(output).toContain(sha256(WORD));
    const bootId = output.find((line) => line.startsWith('boot '))?.slice('boot '.length);
    expect(bootId).toMatch(/^[0-9a-f-]{36}$/);
    const own = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    expect(bootId).not.toBe(own.trim());
    expect(existsSync(`/home/admin/word-${WORD}`)).toBe(false);
  });

  it('is told with its start and its end in the log, in the order of the role (S76)', () => {
    const own = log.filter(({ stream, step }) => stream === 'goldsmith' && step !== null);
    const edges = own.map(({ step, text }) => `${step} ${/: (started|succeeded)/.exec(text)?.[1]}`);
    expect(edges).toEqual([1, 2, 3, 4].flatMap((step) => [`${step} started`, `${step} succeeded`]));
  });

  it('is given scripts and environment as they were written, byte by byte', () => {
    expect(outputOf(log, 3)).toContain(sha256(`${HOSTILE_TEXT}\n`));
    expect(outputOf(log, 4)).toContain(sha256(HOSTILE_VALUE));
  });

  it('is in the image: it boots and holds an uploaded text as it was written (S49, S125)', async () => {
    expect(await bootAndReadFile(amiOf(numbered(1)), '/home/admin/text')).toBe(FILE_CONTENT);
  });
});
