import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { platformCatalogue } from '../../../../functions/api/public/platforms.ts';
import { platformListSchema } from '../../../../shared/contracts/entities/platform.ts';
import { builderKinds, platformKinds } from '../../../../shared/contracts/platforms/kinds.ts';
import { builderSettings, connectionBodies } from '../../../support/platform-bodies.ts';

const document: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../docs/openapi.json'), 'utf8'),
);
const { items } = platformCatalogue(document);
const builderTypes = items.flatMap((platform) => platform.builderTypes);

type Form = {
  properties?: Record<string, Form>;
  description?: string;
  writeOnly?: boolean;
  [key: string]: unknown;
};
const form: z.ZodType<Form> = z.lazy(() =>
  z.looseObject({
    properties: z.record(z.string(), form).optional(),
    description: z.string().optional(),
    writeOnly: z.boolean().optional(),
  }),
);
const fieldsOf = (schema: unknown) => Object.entries(form.parse(schema).properties ?? {});

describe('the catalogue of platforms (S26, S130)', () => {
  test('holds every platform and builder type, and is an answer of its route', () => {
    expect(items.map(({ id }) => id)).toEqual(Object.keys(platformKinds));
    expect(builderTypes.map(({ id }) => id).sort()).toEqual(Object.keys(builderKinds).sort());
    expect(platformListSchema.parse({ items })).toEqual({ items });
    expect(items.filter(({ runsOn }) => runsOn === 'cloud').map(({ id }) => id)).toEqual([
      'aws',
      'azure',
      'gcp',
    ]);
  });

  test('every schema stands alone: it refers to nothing outside', () => {
    expect(JSON.stringify(items)).not.toContain('$ref');
  });

  test.each(builderTypes.map((one) => [one.id, one] as const))(
    '%s: a client can draw the form',
    (id, { schema }) => {
      const fields = fieldsOf(schema);
      expect(form.parse(schema)['additionalProperties']).toBe(false);
      expect(fields.length).toBeGreaterThan(15);
      const known = new Map(fields);
      for (const key of Object.keys(
        z
          .record(z.string(), z.unknown())
          .parse(Object(Object.entries(builderSettings).find(([type]) => type === id)?.[1])),
      ))
        expect(known.has(key)).toBe(true);
      for (const [key, field] of fields)
        expect([key, field.description ?? '']).toEqual([key, expect.stringMatching(/^[A-Z].*\.$/)]);
    },
  );

  test('secrets are write-only, everything else is not', () => {
    const secret = builderTypes
      .flatMap(({ schema }) => fieldsOf(schema))
      .filter(([, field]) => field.writeOnly === true);
    expect(new Set(secret.map(([key]) => key))).toEqual(new Set(['sshPassword', 'winrmPassword']));
    const connections = JSON.stringify(items.map(({ connection }) => connection));
    for (const field of ['secretAccessKey', 'clientSecret', 'credentialsJson', 'password', 'token'])
      expect(connections).toMatch(new RegExp(`"${field}":\\{[^]*?"writeOnly":true`));
  });

  test('connections that need nothing have an empty form', () => {
    const platforms = new Set(Object.values(connectionBodies).map(({ platform }) => platform));
    expect(platforms).toEqual(new Set(items.map(({ id }) => id)));
    const empty = items.filter(({ connection }) => fieldsOf(connection.schema).length === 0);
    expect(empty.map(({ id }) => id)).toEqual(['hyperv', 'qemu']);
  });

  test('a document without a form is not served as if it had one', () => {
    expect(() => platformCatalogue({ components: { schemas: {} } })).toThrow(/expected object/);
    expect(() =>
      platformCatalogue({
        components: { schemas: { ConnectionInput: { oneOf: [] }, BuilderConfigurationInput: { oneOf: [] } } },
      }),
    ).toThrow(/no settings of amazon-ebs/);
  });
});
