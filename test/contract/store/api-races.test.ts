import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { newId } from '../../../shared/runtime/ids.ts';
import { builderBody, roleConnectionBody } from '../../support/bodies.ts';
import { type DefinitionsApi, openDefinitionsApi } from '../../support/definitions-api.ts';
import { type Emulated, startTables } from './tables.ts';

/** The API as it is deployed, on the emulator's table: sixteen callers at once, fifty times. */

let emulated: Emulated;
beforeAll(async () => {
  emulated = await startTables();
});
afterAll(() => emulated.stop());

const CALLERS = Array.from({ length: 16 }, (_, n) => n);
const ROUNDS = Array.from({ length: 50 }, (_, n) => n);
const LONG = { timeout: 180_000 };

const openWorkspace = () => openDefinitionsApi(emulated.core);
type Answers = Awaited<ReturnType<DefinitionsApi['ask']>>[];

const counts = (answers: Answers): Record<number, number> => {
  const found: Record<number, number> = {};
  for (const { status } of answers) found[status] = (found[status] ?? 0) + 1;
  return found;
};
const connection = (name: string) => roleConnectionBody({ name });

describe('sixteen callers at once, fifty times', LONG, () => {
  test('with one name: one 201, the others 409', async () => {
    const { ask } = await openWorkspace();
    for (const round of ROUNDS) {
      const body = connection(`name ${round}`);
      const answers = await Promise.all(CALLERS.map(() => ask('POST', '/connections', { body })));
      expect(counts(answers)).toEqual({ 201: 1, 409: 15 });
    }
  });

  test('with one idempotency key: the same first answer for all, one entity', async () => {
    const { ask } = await openWorkspace();
    for (const round of ROUNDS) {
      const body = connection(`once ${round}`);
      const headers = { 'idempotency-key': `key ${round}` };
      const answers = await Promise.all(CALLERS.map(() => ask('POST', '/connections', { body, headers })));
      expect(counts(answers)).toEqual({ 201: 16 });
      expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
      const listed = await ask('GET', '/connections', { query: `name=once%20${round}&limit=200` });
      const named = z.object({ items: z.array(z.object({ name: z.string() })) }).parse(listed.body).items;
      expect(named.filter(({ name }) => name === body.name)).toHaveLength(1);
    }
  });

  test('with one ETag: one 200, the others 412, and no change is lost', async () => {
    const { ask, create } = await openWorkspace();
    const { id } = await create('/connections', connection('target'));
    for (const round of ROUNDS) {
      const headers = { 'if-match': `"${round + 1}"` };
      const answers = await Promise.all(
        CALLERS.map((n) =>
          ask('PATCH', `/connections/${id}`, { body: { description: `${round} ${n}` }, headers }),
        ),
      );
      expect(counts(answers)).toEqual({ 200: 1, 412: 15 });
    }
  });

  test('without an ETag, each with a tag of its own: all 200, every tag is there', async () => {
    const { ask, create } = await openWorkspace();
    // Fewer rounds: all sixteen write, one after the other.
    for (const round of ROUNDS.slice(0, 10)) {
      const { id } = await create('/connections', connection(`tags ${round}`));
      const answers = await Promise.all(
        CALLERS.map((n) => ask('PATCH', `/connections/${id}`, { body: { tags: { [`t${n}`]: 'x' } } })),
      );
      expect(counts(answers)).toEqual({ 200: 16 });
      const read = await ask('GET', `/connections/${id}`);
      expect(
        z.looseObject({ tags: z.record(z.string(), z.string()), rev: z.int() }).parse(read.body),
      ).toMatchObject({
        rev: 17,
        tags: Object.fromEntries(CALLERS.map((n) => [`t${n}`, 'x'])),
      });
    }
  });

  test('half to delete, half to refer: it is gone or in use, never both', async () => {
    const { ask, create } = await openWorkspace();
    for (const round of ROUNDS) {
      const { id } = await create('/connections', connection(`target ${round}`));
      const answers = await Promise.all(
        CALLERS.map((n) =>
          n % 2 === 0
            ? ask('DELETE', `/connections/${id}`)
            : ask('POST', '/builder-configurations', { body: builderBody(id, { name: `b ${round} ${n}` }) }),
        ),
      );
      const deletes = counts(answers.filter((_, n) => n % 2 === 0));
      const creates = counts(answers.filter((_, n) => n % 2 === 1));
      const isGone = (await ask('GET', `/connections/${id}`)).status === 404;
      // Gone: one deleted it, and nothing refers to it. There: nobody deleted it, and it is in use.
      const outcome = { isGone, deletes, isUsed: (creates[201] ?? 0) > 0 };
      expect([
        { isGone: true, deletes: { 204: 1, 404: 7 }, isUsed: false },
        { isGone: false, deletes: { 409: 8 }, isUsed: true },
      ]).toContainEqual(outcome);
    }
  });
});

test('an id of another kind or workspace is nowhere to be found', async () => {
  const [one, other] = [await openWorkspace(), await openWorkspace()];
  const { id } = await one.create('/connections', connection('mine'));
  for (const path of [`/connections/${id}`, `/connections/${newId('connection')}`, `/provisioners/${id}`]) {
    expect((await other.ask('GET', path)).status).toBe(404);
    expect((await other.ask('PATCH', path, { body: { name: 'theirs' } })).status).toBe(404);
    expect((await other.ask('DELETE', path)).status).toBe(404);
  }
  expect((await one.ask('GET', `/connections/${id}`)).status).toBe(200);
});
