/** Sorts fields by name. Code units, not letters: the order of letters would be the machine's own. */
export const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

const sortFields = (value: unknown): void => {
  if (typeof value !== 'object' || value === null) return;
  const fields = Object.entries(value);
  for (const [, field] of fields) sortFields(field);
  if (Array.isArray(value)) return;
  for (const [name] of fields) Reflect.deleteProperty(value, name);
  for (const [name, field] of fields.toSorted(byName)) Reflect.set(value, name, field);
};

/** A copy of plain data with the fields of each object sorted by name: DynamoDB keeps no order of a map's fields. */
export const inKeyOrder = <T>(data: T): T => {
  const copy = structuredClone(data);
  sortFields(copy);
  return copy;
};
