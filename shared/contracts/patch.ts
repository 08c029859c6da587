import * as z from 'zod';
import { MAX_MEMBERS } from './limits.ts';

type Fields = Record<string, z.core.$ZodType[]>;

/** What stands behind defaults, optionals, transforms and the like. */
const bare = (schema: z.core.$ZodType): z.core.$ZodType => {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return bare(schema.unwrap());
  if (schema instanceof z.ZodPipe) return bare(schema.in);
  return schema;
};

const isMergeable = (schema: z.core.$ZodType): boolean => {
  const inner = bare(schema);
  if (inner instanceof z.ZodUnion) return inner.options.some(isMergeable);
  return inner instanceof z.ZodObject || inner instanceof z.ZodRecord;
};

/** The fields of an object, or of every option of a union of objects. */
const fieldsOf = (schema: z.core.$ZodType): Fields => {
  const inner = bare(schema);
  const fields: Fields = {};
  const options: readonly z.core.$ZodType[] = inner instanceof z.ZodUnion ? inner.options : [inner];
  for (const option of options) {
    if (option !== inner) {
      for (const [key, more] of Object.entries(fieldsOf(option)))
        fields[key] = [...(fields[key] ?? []), ...more];
    } else if (option instanceof z.ZodObject) {
      for (const [key, field] of Object.entries<z.core.$ZodType>(option.shape)) fields[key] = [field];
    }
  }
  return fields;
};

/** Names of the fields that a client may write. */
export const fieldNames = (schema: z.core.$ZodType): string[] => Object.keys(fieldsOf(schema));

/** A field in a patch; without a default, which would else be written by a patch that does not mention it. */
const patchOfField = (schemas: z.core.$ZodType[]): z.ZodType => {
  if (schemas.some(isMergeable)) {
    const map = z.record(z.string(), z.unknown()).meta({ maxProperties: MAX_MEMBERS });
    return map.nullable().optional();
  }
  // Not a union with null, which would hide what exactly is wrong with a value.
  return z.nullable(oneOf([...new Set(schemas.map(bare))])).optional();
};

/** What any of the schemas accepts; of single values the list of them, so that a refusal can name them. */
const oneOf = (schemas: z.core.$ZodType[]): z.core.$ZodType => {
  const [only] = schemas;
  if (schemas.length === 1 && only !== undefined) return only;
  const literals = schemas.filter((schema) => schema instanceof z.ZodLiteral);
  return literals.length === schemas.length
    ? z.literal([...new Set(literals.flatMap((literal) => [...literal.values]))])
    : z.union(schemas);
};

/**
 * The shape of a merge patch (RFC 7396) of what `schema` describes: any of its fields, `null` takes one away. Objects
 * inside are checked when they are merged, and the merged whole is checked by `schema` itself.
 */
export const patchOf = (schema: z.core.$ZodType, id: string) =>
  z
    .strictObject(
      Object.fromEntries(
        Object.entries(fieldsOf(schema)).map(([key, schemas]) => [key, patchOfField(schemas)]),
      ),
    )
    .meta({ id });
