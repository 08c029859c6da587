import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { imageDefinition } from '../../../../functions/api/definitions/entities/image-definition.ts';
import { schedule } from '../../../../functions/api/definitions/entities/schedule.ts';
import { previewSchedule } from '../../../../functions/api/definitions/schedules/preview-schedule.ts';
import {
  listFirings,
  readNextFirings,
} from '../../../../functions/api/definitions/schedules/read-firings.ts';
import {
  type Firing,
  firingSchema,
  nextFiringsSchema,
  scheduleInput,
  schedulePreviewInput,
  schedulePreviewSchema,
  scheduleSchema,
} from '../../../../shared/contracts/entities/schedule.ts';
import type { Problem } from '../../../../shared/contracts/problem.ts';
import { scheduleRoutes } from '../../../../shared/contracts/routes/schedules.ts';
import type { Answer } from '../../../../shared/runtime/api/operation.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';
import { checkBody } from '../../../../shared/runtime/api/read-request.ts';
import { changeEntity } from '../../../../shared/runtime/entities/change.ts';
import { createEntity } from '../../../../shared/runtime/entities/create.ts';
import { listEntities } from '../../../../shared/runtime/entities/list.ts';
import { readEntity } from '../../../../shared/runtime/entities/read.ts';
import { removeEntity } from '../../../../shared/runtime/entities/remove.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { scheduleBody } from '../../../support/bodies.ts';
import { base, ulid } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const now = new Date('2026-06-01T12:00:00.000Z');
beforeEach(() => {
  vi.useFakeTimers({ now, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const workspace = () => {
  const table = memoryTable();
  const refuse = () => Promise.reject(new Error('schedules have no secrets'));
  const context = { table, scope, secrets: { seal: refuse, open: refuse } };
  const caller = {
    principal: { kind: 'user' as const, id: 'user-1', name: 'ada' },
    path: '/v1/schedules',
    headers: {},
    remember: () => [],
  };
  const on = (id: string) => ({ ...caller, params: { id } });
  return {
    table,
    define: async (name: string): Promise<string> => {
      const id = newId('image-definition');
      await entityStore(table, scope).create('image-definition', base(id, name), [], []);
      return id;
    },
    undefine: (id: string) => removeEntity(imageDefinition, context, on(id)),
    create: (fields: object = {}) =>
      createEntity(schedule, context, { ...caller, body: checkBody(scheduleInput, scheduleBody(fields)) }),
    read: (id: string) => readEntity(schedule, context, id),
    change: (id: string, body: object) =>
      changeEntity(schedule, context, {
        ...on(id),
        body: checkBody(scheduleRoutes.changeSchedule.body, body),
      }),
    remove: (id: string) => removeEntity(schedule, context, on(id)),
    list: (query: object = {}) =>
      listEntities(schedule, context, { path: caller.path, query: { limit: 50, ...query } }),
    next: async (id: string) => nextFiringsSchema.parse((await readNextFirings(context, id)).body),
    firings: async (id: string, query: object = {}) =>
      pageSchema.parse((await listFirings(context, { ...on(id), query: { limit: 50, ...query } })).body),
  };
};

const pageSchema = z.object({ items: z.array(firingSchema), nextCursor: z.string().optional() });
const shown = ({ body }: Answer) => scheduleSchema.parse(body);
const preview = async (body: object) =>
  schedulePreviewSchema.parse((await previewSchedule({ body: checkBody(schedulePreviewInput, body) })).body);

const refusal = async (attempt: () => Promise<unknown>): Promise<Partial<Problem> & { code: string }> => {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof ApiProblem) return { code: error.code, ...error.extras };
    throw error;
  }
  return { code: 'accepted' };
};
const pointers = async (attempt: () => Promise<unknown>) =>
  (await refusal(attempt)).errors?.map(({ pointer }) => pointer).toSorted();

describe('a schedule', () => {
  test('is made of a name, a rule and definitions, and read back as it was written (S117 to S120, S123)', async () => {
    const { create, read, define } = workspace();
    const imageDefinitionIds = [await define('Web-Base'), await define('Db-Base')];
    const body = scheduleBody({ imageDefinitionIds });
    const made = await create({ imageDefinitionIds });
    expect(shown(made)).toMatchObject({ ...body, enabled: true, rev: 1 });
    expect(shown(made).imageDefinitions).toEqual([
      { id: imageDefinitionIds[0], name: 'Web-Base' },
      { id: imageDefinitionIds[1], name: 'Db-Base' },
    ]);
    expect((await read(shown(made).id)).body).toEqual(made.body);
    expect(made.headers?.['location']).toBe(`/v1/schedules/${shown(made).id}`);
  });

  test('needs only a name and a frequency that says when', async () => {
    const { create } = workspace();
    const only = {
      description: undefined,
      tags: undefined,
      startAt: undefined,
      timeZone: undefined,
      overlap: undefined,
    };
    const made = shown(await create({ ...only, maxLatenessSeconds: undefined }));
    expect(made).toMatchObject({ timeZone: 'UTC', enabled: true, overlap: 'queue', imageDefinitionIds: [] });
    expect(made.maxLatenessSeconds).toBeUndefined();
  });

  test('is deleted with its name and leaves its definitions alone', async () => {
    const { create, define, remove, undefine, read } = workspace();
    const id = await define('Web-Base');
    const made = shown(await create({ imageDefinitionIds: [id] }));
    await remove(made.id);
    expect((await refusal(() => read(made.id))).code).toBe('not-found');
    expect(shown(await create()).name).toBe(made.name);
    expect((await refusal(() => undefine(id))).code).toBe('accepted');
  });
});

describe('definitions of a schedule', () => {
  test('one may be on several schedules, one schedule may hold several (S31, S121, S122)', async () => {
    const { create, define, list } = workspace();
    const [web, db] = [await define('Web-Base'), await define('Db-Base')];
    await create({ name: 'nightly', imageDefinitionIds: [web, db] });
    await create({ name: 'weekly', imageDefinitionIds: [web] });
    const { items } = z.object({ items: z.array(scheduleSchema) }).parse((await list()).body);
    expect(items.map(({ name, imageDefinitionIds }) => [name, imageDefinitionIds])).toEqual([
      ['weekly', [web]],
      ['nightly', [web, db]],
    ]);
  });

  test('are added and taken by a change; the next reader sees the new set (S123, S124)', async () => {
    const { create, change, define, read } = workspace();
    const [web, db] = [await define('Web-Base'), await define('Db-Base')];
    const { id } = shown(await create({ imageDefinitionIds: [web] }));
    await change(id, { imageDefinitionIds: [web, db] });
    expect(shown(await read(id)).imageDefinitionIds).toEqual([web, db]);
    await change(id, { imageDefinitionIds: [db] });
    expect(shown(await read(id))).toMatchObject({
      imageDefinitionIds: [db],
      imageDefinitions: [{ id: db, name: 'Db-Base' }],
      rev: 3,
    });
    await change(id, { imageDefinitionIds: [] });
    expect(shown(await read(id)).imageDefinitionIds).toEqual([]);
  });

  test('a deleted one leaves by itself and is in the way of nothing (S15)', async () => {
    const { create, change, define, undefine, read, list, next } = workspace();
    const [web, db] = [await define('Web-Base'), await define('Db-Base')];
    const { id } = shown(await create({ imageDefinitionIds: [web, db] }));
    expect((await refusal(() => undefine(web))).code).toBe('accepted');
    expect(shown(await read(id))).toMatchObject({
      imageDefinitionIds: [db],
      imageDefinitions: [{ name: 'Db-Base' }],
    });
    expect((await list()).body).toMatchObject({ items: [{ imageDefinitionIds: [db] }] });
    expect((await next(id)).items).toHaveLength(5);
    expect(shown(await change(id, { enabled: false }))).toMatchObject({
      enabled: false,
      imageDefinitionIds: [db],
    });
    expect(await pointers(() => change(id, { imageDefinitionIds: [db, web] }))).toEqual([
      '/imageDefinitionIds/1',
    ]);
  });

  test('that are not there are named one by one, and nothing is stored', async () => {
    const { create, define, table } = workspace();
    const web = await define('Web-Base');
    const rows = table.rows.size;
    const imageDefinitionIds = [`def_${ulid('X')}`, web, `def_${ulid('Y')}`];
    expect(await pointers(() => create({ imageDefinitionIds, ...endless }))).toEqual([
      '/frequency/expression',
      '/imageDefinitionIds/0',
      '/imageDefinitionIds/2',
    ]);
    expect(table.rows.size).toBe(rows);
  });

  test('one that is deleted while it is put on a schedule refuses it', async () => {
    const { create, define, table } = workspace();
    const web = await define('Web-Base');
    table.beforeWrite = () => {
      const { pk, sk } = keys.users(scope, 'image-definition', web);
      table.rows.delete(`${pk}\n${sk}`);
    };
    expect(await pointers(() => create({ imageDefinitionIds: [web] }))).toEqual(['/imageDefinitionIds/0']);
  });
});

const endless = { frequency: { type: 'cron', expression: '0 0 31 2 ? *' } };

describe('what is wrong is named field by field', () => {
  const definitionId = `def_${ulid('X')}`;
  test.each([
    ['no frequency', { frequency: undefined }, ['/frequency']],
    ['an unknown type', { frequency: { type: 'yearly' } }, ['/frequency/type']],
    ['a field of another type', { frequency: { type: 'daily', minute: 5 } }, ['/frequency/minute']],
    [
      'hours that do not divide a day',
      { frequency: { type: 'hourly', everyHours: 5 } },
      ['/frequency/everyHours'],
    ],
    ['minute 60', { frequency: { type: 'hourly', minute: 60 } }, ['/frequency/minute']],
    ['a number as text', { frequency: { type: 'hourly', minute: '5' } }, ['/frequency/minute']],
    ['24:00', { frequency: { type: 'daily', time: '24:00' } }, ['/frequency/time']],
    ['seconds', { frequency: { type: 'daily', time: '03:00:00' } }, ['/frequency/time']],
    [
      'a day twice and a wrong time',
      { frequency: { type: 'weekly', daysOfWeek: ['MON', 'MON'], time: '3:00' } },
      ['/frequency/daysOfWeek', '/frequency/time'],
    ],
    ['no day', { frequency: { type: 'weekly', daysOfWeek: [], time: '03:00' } }, ['/frequency/daysOfWeek']],
    [
      'a day by its full name',
      { frequency: { type: 'weekly', daysOfWeek: ['monday'] } },
      ['/frequency/daysOfWeek/0'],
    ],
    ['day 32', { frequency: { type: 'monthly', dayOfMonth: 32 } }, ['/frequency/dayOfMonth']],
    ['no expression', { frequency: { type: 'cron', expression: '' } }, ['/frequency/expression']],
    [
      'an endless expression',
      { frequency: { type: 'cron', expression: '0,'.repeat(200) } },
      ['/frequency/expression'],
    ],
    ['rate 0', { frequency: { type: 'rate', value: 0, unit: 'minutes' } }, ['/frequency/value']],
    ['more than a year', { frequency: { type: 'rate', value: 367, unit: 'days' } }, ['/frequency/value']],
    ['half an hour', { frequency: { type: 'rate', value: 0.5, unit: 'hours' } }, ['/frequency/value']],
    ['weeks', { frequency: { type: 'rate', value: 1, unit: 'weeks' } }, ['/frequency/unit']],
    ['a day without time', { frequency: { type: 'once', at: '2030-01-01' } }, ['/frequency/at']],
    ['30 February', { frequency: { type: 'once', at: '2030-02-30T00:00:00' } }, ['/frequency/at']],
    [
      'the year 9999',
      { startAt: '9999-12-31T23:59:59Z', endAt: '1970-01-01T00:00:00Z' },
      ['/endAt', '/startAt'],
    ],
    ['a start without offset', { startAt: '2030-01-01T00:00:00' }, ['/startAt']],
    ['a zone of no map', { timeZone: 'Mars/Olympus_Mons' }, ['/timeZone']],
    ['an offset as a zone', { timeZone: '+02:00' }, ['/timeZone']],
    ['a definition twice', { imageDefinitionIds: [definitionId, definitionId] }, ['/imageDefinitionIds/1']],
    ['an id of something else', { imageDefinitionIds: [`os_${ulid('X')}`] }, ['/imageDefinitionIds/0']],
    [
      '31 definitions',
      { imageDefinitionIds: Array.from({ length: 31 }, (_, n) => `def_${ulid(n + 10)}`) },
      ['/imageDefinitionIds'],
    ],
    ['another overlap', { overlap: 'both', enabled: 'yes' }, ['/enabled', '/overlap']],
    [
      'tolerances out of bounds',
      { maxLatenessSeconds: 59, flexibleWindowSeconds: 90 },
      ['/flexibleWindowSeconds', '/maxLatenessSeconds'],
    ],
    [
      'lateness shorter than the window',
      { maxLatenessSeconds: 60, flexibleWindowSeconds: 120 },
      ['/maxLatenessSeconds'],
    ],
    [
      'an end before the start',
      { startAt: '2030-01-02T00:00:00Z', endAt: '2030-01-01T00:00:00Z' },
      ['/endAt'],
    ],
    ['31 February', endless, ['/frequency/expression']],
    ['fields of ours', { rev: 3, imageDefinitions: [] }, ['/imageDefinitions', '/rev']],
  ])('%s', async (_, fields, expected) => {
    const { create, table } = workspace();
    expect(await pointers(async () => create(fields))).toEqual(expected);
    expect(await pointers(async () => preview(scheduleBody(fields)))).toEqual(expected);
    expect(table.rows.size).toBe(0);
  });

  test('also by a change, which then changes nothing (S123)', async () => {
    const { create, change, read } = workspace();
    const made = await create();
    const { id } = shown(made);
    expect(await pointers(() => change(id, { frequency: { expression: '0 0 31 2 ? *' } }))).toEqual([
      '/frequency/expression',
    ]);
    expect(await pointers(() => change(id, { frequency: { ...endless.frequency, time: null } }))).toEqual([
      '/frequency/expression',
    ]);
    expect(await pointers(() => change(id, { endAt: '2026-01-01T00:00:00Z' }))).toEqual(['/endAt']);
    expect((await read(id)).body).toEqual(made.body);
  });
});

describe('the rule of a schedule', () => {
  test('is changed field by field, and to another type when the old fields are taken away', async () => {
    const { create, change, next } = workspace();
    const { id } = shown(await create());
    expect(shown(await change(id, { frequency: { time: '04:30' } })).frequency).toEqual({
      type: 'daily',
      time: '04:30',
    });
    const rate = { type: 'rate', value: 2, unit: 'days', time: null };
    const changed = shown(await change(id, { frequency: rate, startAt: null, timeZone: null }));
    expect(changed).toMatchObject({ frequency: { type: 'rate', value: 2, unit: 'days' }, timeZone: 'UTC' });
    expect((await next(id)).items[0]?.at).toBe('2026-06-03T12:00:00.000Z');
  });

  test('that has run out does not keep the rest from being changed', async () => {
    const { create, change, next } = workspace();
    const { id } = shown(
      await create({ frequency: { type: 'once', at: '2026-06-01T15:00' }, startAt: undefined }),
    );
    vi.setSystemTime(new Date('2026-06-02T00:00:00.000Z'));
    expect(shown(await change(id, { description: 'that was it' })).rev).toBe(2);
    expect(await next(id)).toEqual({ items: [], reason: 'finished' });
    expect(await pointers(() => change(id, { timeZone: 'Asia/Tokyo' }))).toEqual(['/frequency/at']);
  });
});

describe('firings', () => {
  test('the next five, in UTC and on the wall (S112, S115)', async () => {
    const { create, next } = workspace();
    const { id } = shown(await create({ timeZone: 'Asia/Kolkata', startAt: undefined }));
    const { items, reason } = await next(id);
    expect(reason).toBeUndefined();
    expect(items).toHaveLength(5);
    expect(items[0]).toEqual({ at: '2026-06-01T21:30:00.000Z', localTime: '2026-06-02T03:00:00+05:30' });
  });

  test('none of a disabled schedule, with the reason', async () => {
    const { create, next } = workspace();
    expect(await next(shown(await create({ enabled: false })).id)).toEqual({ items: [], reason: 'disabled' });
  });

  test('a preview says the same before saving, with what EventBridge Scheduler will be told', async () => {
    const { create, next, table } = workspace();
    const { name: _, ...rule } = scheduleBody({ timeZone: 'Europe/Berlin' });
    const told = await preview(rule);
    expect(table.rows.size).toBe(0);
    expect(told).toMatchObject({ expression: 'cron(0 3 * * ? *)', expressionTimeZone: 'Europe/Berlin' });
    expect(told.items).toEqual((await next(shown(await create({ timeZone: 'Europe/Berlin' })).id)).items);
    expect(await preview(scheduleBody({ imageDefinitionIds: [`def_${ulid('X')}`] }))).toBeDefined();
  });

  const firing = (scheduleId: string, day: number): Firing => ({
    id: `fir_${ulid(day)}`,
    scheduleId,
    scheduledAt: `2026-05-${String(day).padStart(2, '0')}T03:00:00.000Z`,
    firedAt: `2026-05-${String(day).padStart(2, '0')}T03:00:04.000Z`,
    started: [{ imageDefinitionId: `def_${ulid('D')}`, runId: `run_${ulid(day)}` }],
    skipped: [{ imageDefinitionId: `def_${ulid('E')}`, reason: 'still-active' }],
  });

  test('past ones are listed newest first, page by page, each schedule its own', async () => {
    const { create, firings, remove, table } = workspace();
    const { id } = shown(await create());
    const other = shown(await create({ name: 'another' })).id;
    expect(await firings(id)).toEqual({ items: [] });
    const rows = [3, 1, 12, 2].map((day) => firing(id, day)).concat(firing(other, 9));
    await table.write(
      rows.map((row) => ({
        put: { ...keys.firing(scope, row.scheduleId, row.scheduledAt), row: 'firing', ...row },
      })),
    );
    const first = await firings(id, { limit: 3 });
    expect(first.items).toEqual([12, 3, 2].map((day) => firing(id, day)));
    expect(await firings(id, { limit: 3, cursor: first.nextCursor })).toEqual({ items: [firing(id, 1)] });
    expect((await refusal(() => firings(other, { cursor: first.nextCursor }))).code).toBe('accepted');
    await remove(id);
    expect((await refusal(() => firings(id))).code).toBe('not-found');
  });
});
