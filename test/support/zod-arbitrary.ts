/** Arbitrary values of a contract: what a client could write. Rules over several fields are left to a filter. */
import * as fc from 'fast-check';
import * as z from 'zod';
import { serviceAccountKey } from './platform-bodies.ts';

type Anything = fc.Arbitrary<unknown>;

/** fast-check cannot look ahead or behind; those few texts come from here. */
const samples = ['a.b', 'eu', 'team', 'Web 1', '/srv/images', 'West Europe', '{{ .HTTPIP }}', 'rg-1_x'];

const formats: Record<string, Anything> = {
  ipv4: fc.ipV4(),
  ipv6: fc.constantFrom('2001:db8::1', '::1', 'fe80::1234:5678'),
  cidrv4: fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`),
  cidrv6: fc.constantFrom('2001:db8::/32', '::1/128'),
  datetime: fc
    .date({ min: new Date(0), max: new Date('2999-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString()),
};

const expressionsOf = (schema: z.ZodString): RegExp[] =>
  (schema.def.checks ?? []).flatMap(({ _zod }) =>
    'pattern' in _zod.def && _zod.def.pattern instanceof RegExp ? [withCase(_zod.def.pattern)] : [],
  );

/** fast-check knows no flag i: as it is written is one way of writing it. */
const withCase = ({ source, flags }: RegExp): RegExp => new RegExp(source, flags.replace('i', ''));

const hasLookaround = ({ source }: RegExp): boolean => /\(\?<?[=!]/.test(source);

const textOf = (schema: z.ZodString): Anything => {
  const expressions = expressionsOf(schema);
  const usable = expressions.filter((one) => !hasLookaround(one) && !one.source.includes('\\u0000'));
  // The narrowest form of several is the last that was asked for.
  const form = usable.at(-1);
  const free = fc.stringMatching(/^[A-Za-z0-9 é€👩_.:$%"'\\-]{1,20}$/u);
  const wanted = form === undefined ? free : fc.stringMatching(form, { size: 'small' });
  return fc
    .oneof(wanted, fc.constantFrom(...samples, 'ab'.repeat((schema.minLength ?? 0) + 1)))
    .filter((text) => z.safeParse(schema, text).success);
};

const numberOf = (schema: z.ZodNumber): Anything => {
  const min = Math.max(schema.minValue ?? 0, -1e9);
  const max = Math.min(schema.maxValue ?? 1e9, 1e9);
  return fc
    .integer({ min: Math.ceil(min), max: Math.floor(max) })
    .filter((one) => z.safeParse(schema, one).success);
};

const objectOf = (schema: z.ZodObject): Anything => {
  const fields = Object.entries<z.core.$ZodType>(schema.shape);
  const isOptional = ([, field]: [string, z.core.$ZodType]) => z.safeParse(field, undefined).success;
  const arbitraryOfField = ([key, field]: [string, z.core.$ZodType]): [string, Anything] => [
    key,
    arbitraryOf(field),
  ];
  const required = Object.fromEntries(fields.filter((field) => !isOptional(field)).map(arbitraryOfField));
  const optional = Object.fromEntries(fields.filter(isOptional).map(arbitraryOfField));
  return fc
    .tuple(
      fc.record(required),
      fc.subarray(Object.keys(optional), { maxLength: Math.min(4, Object.keys(optional).length) }),
    )
    .chain(([base, chosen]) =>
      fc
        .record(Object.fromEntries(chosen.map((key) => [key, optional[key] ?? fc.constant(undefined)])))
        .map((more) => ({ ...base, ...more })),
    );
};

/** Values of a schema as a client writes them. */
export const arbitraryOf = (schema: z.core.$ZodType): Anything => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return arbitraryOf(schema.unwrap());
  if (schema instanceof z.ZodPipe) {
    // The only transformed field of these contracts is a secret.
    const written = fc.constantFrom(
      { value: serviceAccountKey },
      { value: 'long enough' },
      { value: '12345678 € ${x} %{y}' },
    );
    return written.filter((secret) => z.safeParse(schema, secret).success);
  }
  if (schema instanceof z.ZodString) return textOf(schema);
  if (schema instanceof z.ZodStringFormat)
    return formats[schema.def.format] ?? fc.constant(`no ${schema.def.format}`);
  if (schema instanceof z.ZodNumber) return numberOf(schema);
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.values);
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
  if (schema instanceof z.ZodObject) return objectOf(schema);
  if (schema instanceof z.ZodUnion) return fc.oneof(...schema.options.map(arbitraryOf));
  if (schema instanceof z.ZodRecord) {
    // No body with this key comes as far as a contract: it is refused while the JSON is read.
    const key = arbitraryOf(schema.keyType)
      .map(String)
      .filter((name) => name !== '__proto__');
    return fc.dictionary(key, arbitraryOf(schema.valueType), { maxKeys: 3 });
  }
  if (schema instanceof z.ZodArray) {
    const items = arbitraryOf(schema.element);
    const { minimum = 0 } = z.object({ minimum: z.number().optional() }).parse(schema._zod.bag);
    return fc.array(items, { minLength: minimum, maxLength: Math.max(minimum, 3) });
  }
  throw new Error(`no values for a ${schema._zod.def.type}`);
};
