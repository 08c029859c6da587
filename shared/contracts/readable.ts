import * as z from 'zod';

const readableField = (schema: z.core.$ZodType): z.core.$ZodType => {
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat) return z.string();
  if (schema instanceof z.ZodNumberFormat) return z.int();
  if (schema instanceof z.ZodNumber) return z.number();
  if (schema instanceof z.ZodOptional) return z.optional(readableField(schema.unwrap()));
  if (schema instanceof z.ZodDefault)
    return z._default(readableField(schema.unwrap()), schema.def.defaultValue);
  if (schema instanceof z.ZodArray) return z.array(readableField(schema.element));
  if (schema instanceof z.ZodRecord) return z.record(z.string(), readableField(schema.valueType));
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
