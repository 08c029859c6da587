import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { builderConfiguration } from '../../../../../functions/api/definitions/entities/builder-configuration.ts';
import { connection } from '../../../../../functions/api/definitions/entities/connection.ts';
import { operatingSystem } from '../../../../../functions/api/definitions/entities/operating-system.ts';
import { provisioner } from '../../../../../functions/api/definitions/entities/provisioner.ts';
import { sealSecrets } from '../../../../../shared/runtime/entities/secrets.ts';
import { at, ulid } from '../../../../support/builders.ts';
import { scope } from '../../../../support/engine.ts';
import { memoryTable } from '../../../../support/memory-table.ts';
import { arbitraryOf } from '../../../../support/zod-arbitrary.ts';

const context = {
  table: memoryTable(),
  scope,
  secrets: {
    seal: async ({ field }: { field: string }, value: string, updatedAt: string) => ({
      sealed: true as const,
      ciphertext: `cipher of ${value.length}`,
      field,
      updatedAt,
    }),
    open: () => Promise.reject(new Error('API functions may not open secrets')),
  },
};
const given = (id: string) => ({ id, createdAt: at(0), createdBy: 'user-1', updatedAt: at(0), rev: 1 });

const plain = z.record(z.string(), z.unknown());
const asJson = (value: unknown): Record<string, unknown> => plain.parse(JSON.parse(JSON.stringify(value)));

/** The written secrets of a body as they read afterwards. */
const shown = (body: unknown): unknown =>
  JSON.parse(JSON.stringify(body), (_key, value: unknown) =>
    typeof value === 'object' && value !== null && Object.keys(value).join() === 'value'
      ? { set: true, updatedAt: at(0) }
      : value,
  );

/** Every option of a union by the value that tells it apart, so that each is tried equally often. */
const optionsOf = (schema: z.ZodType): z.core.$ZodType[] =>
  schema instanceof z.ZodDiscriminatedUnion ? [...schema.options] : [schema];

const modules: [string, z.ZodType, (row: Record<string, unknown>) => unknown, string][] = [
  ['connection', connection.input, (row) => connection.present(row, context), `con_${ulid('1')}`],
  [
    'builder configuration',
    builderConfiguration.input,
    (row) => builderConfiguration.present(row, context),
    `bld_${ulid('1')}`,
  ],
  [
    'operating system',
    operatingSystem.input,
    (row) => operatingSystem.present(row, context),
    `os_${ulid('1')}`,
  ],
  ['provisioner', provisioner.input, (row) => provisioner.present(row, context), `prv_${ulid('1')}`],
];
const cases = modules.flatMap(([kind, schema, present, id]) =>
  optionsOf(schema).map((option, at) => ({ title: `${kind} ${at + 1}`, schema, option, present, id })),
);

describe('any valid body is kept and read back as it was written (S5)', () => {
  test.each(cases)('$title', async ({ schema, option, present, id }) => {
    const valid = arbitraryOf(option).filter((body) => schema.safeParse(body).success);
    await fc.assert(
      fc.asyncProperty(valid, async (body) => {
        const parsed = plain.parse(schema.parse(body));
        // What arrives is JSON: it is accepted the same way, and once more.
        expect(asJson(schema.parse(asJson(body)))).toEqual(asJson(parsed));
        const row = asJson(await sealSecrets({ ...parsed, ...given(id) }, given(id), context));
        const answer = asJson(present(row));
        const written = {
          description: '',
          tags: {},
          ...plain.parse(shown({ ...asJson(body), ...defaultsOf(parsed) })),
        };
        expect(answer).toEqual({ ...written, ...given(id) });
        expect(JSON.stringify(answer)).not.toMatch(/cipher|long enough|PRIVATE/);
      }),
      { numRuns: 20 },
    );
  });
});

/** Fields that the contract fills in: a default, or a time in its normal form. */
const defaultsOf = (parsed: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    ['network', 'supportState', 'images', 'name'].flatMap((key) =>
      key in parsed ? [[key, parsed[key]]] : [],
    ),
  );
