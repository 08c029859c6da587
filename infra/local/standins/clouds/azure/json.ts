/** Values of JSON whose form nobody promises: requests of clients are read field by field. */

export type JsonObject = { [key: string]: unknown };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a path of keys and places; undefined where there is none. Keys count whatever their capitals, as in ARM. */
export const at = (value: unknown, ...path: (string | number)[]): unknown => {
  let here = value;
  for (const step of path) {
    if (typeof step === 'number') here = Array.isArray(here) ? here[step] : undefined;
    else {
      const entries = isObject(here) ? Object.entries(here) : [];
      here = entries.find(([key]) => key.toLowerCase() === step.toLowerCase())?.[1];
    }
  }
  return here;
};

/** The text at a path; undefined where there is none. */
export const textAt = (value: unknown, ...path: (string | number)[]): string | undefined => {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
};

/** The list at a path; empty where there is none. */
export const listAt = (value: unknown, ...path: (string | number)[]): unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
};

/** The object at a path; empty where there is none. */
export const objectAt = (value: unknown, ...path: (string | number)[]): JsonObject => {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
};

/** Reads a body; undefined when it is no JSON. */
export const parseBody = (body: string): unknown => {
  try {
    const value: unknown = JSON.parse(body);
    return value;
  } catch {
    return undefined;
  }
};

/** Tags of a resource. */
export const tagsAt = (value: unknown, ...path: (string | number)[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(objectAt(value, ...path)).flatMap(([key, tag]) =>
      typeof tag === 'string' ? [[key, tag]] : [],
    ),
  );
