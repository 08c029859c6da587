import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { eventCatalog } from '../../../events/catalog.ts';
import { imageVersionCreated } from '../../../events/image-version-created.ts';
import { runStatusChanged } from '../../../events/run-status-changed.ts';
import { at, failure, presentedRun, ulid, workspaceId } from '../../support/builders.ts';

const folder = join(import.meta.dirname, '../../../events/samples');
const sampleSchema = z.strictObject({
  source: z.literal('goldsmith'),
  'detail-type': z.string(),
  detail: z.record(z.string(), z.unknown()),
});
const samples = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => {
    const sample = sampleSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
    return { name, type: sample['detail-type'], detail: sample.detail };
  });
const modules = Object.values(eventCatalog);
const sampleOf = (type: string) => samples.find((sample) => sample.type === type)?.detail;

test('every detail type of the catalogue has one sample, and there are no others', () => {
  const types = modules.flatMap((module) => [...module.detailTypes]);
  expect(samples.map((sample) => sample.type)).toEqual(expect.arrayContaining(types));
  expect(samples).toHaveLength(types.length);
  expect(samples.map((sample) => sample.name)).toEqual(samples.map((sample) => `${sample.type}.json`));
});

test.each(samples)('$name is what the event carries, field by field', ({ type, detail }) => {
  const [module] = modules.filter((one) => one.detailTypes.some((each) => each === type));
  expect(module?.parse(detail)).toEqual(detail);
});

describe('a status of a run', () => {
  test.each([
    ['Queued', 'run.queued', 1],
    ['Running', 'run.started', 2],
    ['Succeeded', 'run.succeeded', 7],
    ['Failed', 'run.failed', 7],
    ['Stopped', 'run.stopped', 5],
  ] as const)('%s is told as %s, as in its sample', (status, type, rev) => {
    const run = presentedRun({ status, rev, ...(status === 'Failed' ? { failure: failure() } : {}) });
    const event = runStatusChanged.build({ workspaceId, run });
    expect(event).toMatchObject({ Source: 'goldsmith', DetailType: type });
    expect(JSON.parse(event?.Detail ?? '')).toEqual(sampleOf(type));
    expect(runStatusChanged.parse(JSON.parse(event?.Detail ?? ''))).toMatchObject({ status, rev });
  });

  test('is refused when it is none', () => {
    expect(() => runStatusChanged.parse({ ...sampleOf('run.failed'), status: 'Sleeping' })).toThrow('status');
    expect(() => runStatusChanged.parse({})).toThrow('workspaceId');
  });
});

test('an image version is told as in its sample, so that automation can use it (S21)', () => {
  const event = imageVersionCreated.build({
    workspaceId,
    version: {
      id: `ver_${ulid('V')}`,
      number: 1,
      name: 'Web-Base-v1',
      imageDefinitionId: `def_${ulid('D')}`,
      runId: `run_${ulid('1')}`,
      state: 'available',
      locators: [
        {
          role: 'primary',
          region: 'eu-west-1',
          accountId: '123456789012',
          amiId: 'ami-0123456789abcdef0',
          amiName: 'Web-Base-v1',
        },
      ],
      toolchain: {},
      createdAt: at(60),
    },
  });
  expect(event?.DetailType).toBe('image-version.created');
  expect(JSON.parse(event?.Detail ?? '')).toEqual(sampleOf('image-version.created'));
});
