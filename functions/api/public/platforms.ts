import * as z from 'zod';
import type { PlatformList } from '../../../shared/contracts/entities/platform.ts';
import { builderKinds, platformKinds } from '../../../shared/contracts/platforms/kinds.ts';

type JsonSchema = Record<string, unknown>;

const documentShape = z.object({
  components: z.object({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
});
const unionShape = z.object({ oneOf: z.array(z.unknown()) });
/** One form of a connection or builder: the field that tells it apart, with one value, and its settings. */
const optionShape = (field: string) =>
  z.object({
    properties: z.looseObject({
      [field]: z.object({ enum: z.tuple([z.string()]) }),
      settings: z.record(z.string(), z.unknown()),
    }),
  });

const REF = '#/components/schemas/';

/** A copy in which every reference is what it refers to: a form's schema stands alone. The document has no circles. */
const inlined = (value: unknown, schemas: Record<string, JsonSchema>): unknown => {
  if (Array.isArray(value)) return value.map((one) => inlined(one, schemas));
  if (typeof value !== 'object' || value === null) return value;
  const reference = '$ref' in value && typeof value.$ref === 'string' ? value.$ref : undefined;
  if (reference?.startsWith(REF)) return inlined(schemas[reference.slice(REF.length)], schemas);
  const entries = Object.entries(value).map(([key, inner]) => [key, inlined(inner, schemas)] as const);
  return flattened(Object.fromEntries(entries));
};

const onlyPart = z.object({ allOf: z.tuple([z.record(z.string(), z.unknown())]) });

/** `allOf` of one schema with a description beside it is that schema with another description. */
const flattened = (schema: JsonSchema): JsonSchema => {
  const only = onlyPart.safeParse(schema).data;
  if (only === undefined) return schema;
  const { allOf: _parts, ...beside } = schema;
  return { ...only.allOf[0], ...beside };
};

/** The settings of every form that a component of the OpenAPI document has, by the value of the field that tells them apart. */
const settingsBy = (field: string, component: string, schemas: Record<string, JsonSchema>) => {
  const shape = optionShape(field);
  return new Map(
    unionShape.parse(schemas[component]).oneOf.map((option): [string, JsonSchema] => {
      const { properties } = shape.parse(option);
      const { enum: values } = z.object({ enum: z.tuple([z.string()]) }).parse(properties[field]);
      return [values[0], z.record(z.string(), z.unknown()).parse(inlined(properties['settings'], schemas))];
    }),
  );
};

/**
 * Every platform with the forms of its connections and builders. The JSON Schemas are those of the OpenAPI document,
 * which is generated from the contracts: what it says is what is validated. Throws when the document lacks one.
 */
export const platformCatalogue = (openApi: unknown): PlatformList => {
  const { schemas } = documentShape.parse(openApi).components;
  const connections = settingsBy('platform', 'ConnectionInput', schemas);
  const builders = settingsBy('builderType', 'BuilderConfigurationInput', schemas);
  const schemaOf = (from: Map<string, JsonSchema>, id: string): JsonSchema => {
    const found = from.get(id);
    if (found === undefined) throw new Error(`the OpenAPI document has no settings of ${id}`);
    return found;
  };
  const items = Object.entries(platformKinds).map(([id, { title, runsOn }]) => {
    const builderTypes = Object.entries(builderKinds)
      .filter(([, { platform }]) => platform === id)
      .map(([builderType, kind]) => ({
        id: builderType,
        title: kind.title,
        imageTypes: [...kind.imageTypes],
        schema: schemaOf(builders, builderType),
      }));
    const imageTypes = [...new Set(builderTypes.flatMap((one) => one.imageTypes))];
    return { id, title, runsOn, connection: { schema: schemaOf(connections, id) }, builderTypes, imageTypes };
  });
  return { items };
};
