import * as z from 'zod';

const text = z.string();
const whole = z.int();
const number = z.number();
type Remembered = WeakMap<z.core.$ZodType, z.core.$ZodType>;

/** Making a schema costs a function's cold start some microseconds, and these are made by the thousand: each once. */
const once = (
  memory: Remembered,
  from: z.core.$ZodType,
  make: (from: z.core.$ZodType) => z.core.$ZodType,
): z.core.$ZodType => {
  const found = memory.get(from) ?? make(from);
  memory.set(from, found);
  return found;
};
const known: Remembered = new WeakMap();
const optionals: Remembered = new WeakMap();
const lists: Remembered = new WeakMap();

const readableField = (schema: z.core.$ZodType): z.core.$ZodType => once(known, schema, made);

const made = (schema: z.core.$ZodType): z.core.$ZodType => {
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat) return text;
  if (schema instanceof z.ZodNumberFormat) return whole;
  if (schema instanceof z.ZodNumber) return number;
  if (schema instanceof z.ZodOptional) return once(optionals, readableField(schema.unwrap()), z.optional);
  if (schema instanceof z.ZodDefault)
    return z._default(readableField(schema.unwrap()), schema.def.defaultValue);
  if (schema instanceof z.ZodArray) return once(lists, readableField(schema.element), z.array);
  if (schema instanceof z.ZodRecord) return z.record(text, readableField(schema.valueType));
  if (schema instanceof z.ZodObject) return z.object(readableShape(schema.shape));
  if (schema instanceof z.ZodUnion) return z.union(schema.options.map(readableField));
  return schema;
};

const readableShape = (shape: z.core.$ZodShape): z.core.$ZodShape =>
  Object.fromEntries(Object.entries(shape).map(([key, field]) => [key, readableField(field)]));

/**
 * The same fields as they are read, from the table or by a client: of the same types, without the rules for writing
 * them. What lies in the table stays readable when a rule changes, and an answer's description stays short.
 */
export const readable = <T extends z.core.$ZodShape>(shape: T): T =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- field by field the same type: only checks are left out
  readableShape(shape) as T;
