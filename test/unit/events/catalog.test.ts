import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventCatalog } from '../../../events/catalog.ts';
import { imageVersionCreated } from '../../../events/image-version-created.ts';
import { runStatusChanged } from '../../../events/run-status-changed.ts';
import { at, failure, presentedRun, ulid } from '../../support/builders.ts';

const folder = new URL('../../../events/samples/', import.meta.url);
const sampleSchema = z.strictObject({
  source: z.literal('goldsmith'),
  'detail-type': z.string(),
  detail: z.unknown(),
});
const readSample = (name: string) =>
  sampleSchema.parse(JSON.parse(readFileSync(new URL(name, folder), 'utf8')));
const modules = Object.values(eventCatalog);
const page = readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8');

describe('every event of the catalogue', () => {
  test('has exactly one sample for each of its detail types', () => {
    const samples = readdirSync(folder).map((name) => readSample(name)['detail-type']);
    expect(samples.toSorted()).toEqual(modules.flatMap((module) => module.detailTypes).toSorted());
  });

  test('is a row of docs/events.md, and no other event is', () => {
    const rows = [...page.matchAll(/^\| `([a-z.-]+)` \|/gm)].map(([, type]) => String(type));
    expect(rows.toSorted()).toEqual(modules.flatMap((module) => module.detailTypes).toSorted());
  });

  test('tells its rev, so that the older of two can be dropped (F19)', () => {
    const details = readdirSync(folder).map((name) => readSample(name).detail);
    expect(details.filter((detail) => !z.looseObject({ rev: z.int() }).safeParse(detail).success)).toEqual(
      [],
    );
  });

  test.each(readdirSync(folder))(
    'can be parsed from its sample %s, and no field of it is unknown',
    (name) => {
      const sample = readSample(name);
      const module = modules.find((one) => one.detailTypes.includes(sample['detail-type']));
      expect(module?.parse(sample.detail)).toEqual(sample.detail);
    },
  );
});

describe('a run that entered a status', () => {
  test.each(['Queued', 'Running', 'Succeeded', 'Failed', 'Stopped'] as const)('is told as %s', (status) => {
    const run = presentedRun({ status, rev: 7, ...(status === 'Failed' ? { failure: failure() } : {}) });
    const event = runStatusChanged.build({ workspaceId: `ws_${ulid('W')}`, run });
    expect(runStatusChanged.detailTypes).toContain(event?.DetailType);
    const detail = runStatusChanged.parse(JSON.parse(event?.Detail ?? ''));
    expect(detail).toMatchObject({ runId: run.id, status, number: 1, rev: 7 });
    expect(detail.failure?.errorId).toBe(run.failure?.errorId);
  });
});

test('a new image version is told with its locators, so that automation can go on (S21)', () => {
  const locators = [
    {
      role: 'primary' as const,
      region: 'eu-west-1',
      accountId: '123456789012',
      amiId: 'ami-0123456789abcdef0',
      amiName: 'Web-Base-v1',
    },
  ];
  const version = {
    id: `ver_${ulid('V')}`,
    number: 1,
    name: 'Web-Base-v1',
    imageDefinitionId: `def_${ulid('D')}`,
    runId: `run_${ulid('1')}`,
    state: 'available' as const,
    locators,
    toolchain: {},
    createdAt: at(60),
  };
  const event = imageVersionCreated.build({ workspaceId: `ws_${ulid('W')}`, version });
  expect(event?.DetailType).toBe('image-version.created');
  expect(imageVersionCreated.parse(JSON.parse(event?.Detail ?? ''))).toMatchObject({
    imageVersionId: version.id,
    locators,
  });
});
