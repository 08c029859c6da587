import type { TemplateObject, TemplateValue } from './expression.ts';

/** Plain values, lists and blocks, as settings hold them. */
type Plain = string | number | boolean | undefined | Plain[] | { [key: string]: Plain };

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const toArgument = (value: Plain): TemplateValue => {
  if (Array.isArray(value)) return value.map(toArgument);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [snakeCase(name), toArgument(field)]),
  );
};

/**
 * Settings as arguments of Packer's builder, in the order of `names`: each setting is called as its argument, in
 * camelCase. Whoever calls it names each setting, so that a new one never gets into a template unseen.
 */
export const asArguments = <N extends string>(
  settings: { readonly [K in N]?: Plain },
  names: readonly N[],
): TemplateObject => Object.fromEntries(names.map((name) => [snakeCase(name), toArgument(settings[name])]));
