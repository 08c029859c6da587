/** Which settings a schema has and a value uses, as paths such as `disks/#/diskSize`; and a value with another of one. */
import * as z from 'zod';

const schemaNode = z.looseObject({
  $ref: z.string().optional(),
  $defs: z.record(z.string(), z.unknown()).optional(),
  type: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
});
const record = z.record(z.string(), z.unknown());
const list = z.array(z.unknown());

type Path = string[];
const join = (path: Path): string => path.join('/');

/** Every setting of a schema; maps and lists of plain values count as one. */
export const settingsOf = (schema: z.ZodType): string[] => {
  const root = schemaNode.parse(z.toJSONSchema(schema, { unrepresentable: 'any' }));
  const walk = (value: unknown, path: Path): string[] => {
    const node = schemaNode.parse(value);
    if (node.$ref !== undefined) return walk(root.$defs?.[node.$ref.replace('#/$defs/', '')], path);
    const below = node.type === 'array' && node.items !== undefined ? walk(node.items, [...path, '#']) : [];
    const fields = Object.entries(node.properties ?? {}).flatMap(([name, field]) =>
      walk(field, [...path, name]),
    );
    const own = path.length === 0 || path.at(-1) === '#' ? [] : [join(path)];
    return [...own, ...below, ...fields];
  };
  return walk(root, []).sort();
};

const isMapOrSecret = (path: Path): boolean =>
  path.at(-1) === 'configurationParameters' || /password$/i.test(path.at(-1) ?? '');

/** Every setting that a value has. */
export const usedIn = (settings: unknown): string[] => {
  const walk = (value: unknown, path: Path): string[] => {
    if (Array.isArray(value)) return [...ownOf(path), ...value.flatMap((item) => walk(item, [...path, '#']))];
    const fields = record.safeParse(value);
    if (!fields.success || isMapOrSecret(path)) return ownOf(path);
    return [
      ...ownOf(path),
      ...Object.entries(fields.data).flatMap(([name, one]) => walk(one, [...path, name])),
    ];
  };
  const ownOf = (path: Path): string[] => (path.length === 0 || path.at(-1) === '#' ? [] : [join(path)]);
  return [...new Set(walk(settings, []))].sort();
};

/** The settings with one of them replaced, in every item of a list; without it, when there is no other value. */
export const replaced = (settings: object, setting: string, other?: unknown): object => {
  const walk = (value: unknown, [first, ...rest]: Path): unknown => {
    if (first === undefined) return other;
    if (first === '#') return list.parse(value).map((item) => walk(item, rest));
    const fields = record.safeParse(value);
    if (!fields.success || !(first in fields.data)) return value;
    return { ...fields.data, [first]: walk(fields.data[first], rest) };
  };
  return record.parse(walk(settings, setting.split('/')));
};
