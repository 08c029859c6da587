/**
 * One line of `packer -machine-readable`: `<unix seconds>,<target>,<type>,<data>[,<data>…]`. The data are still as
 * Packer wrote them but for commas: line breaks inside are the two characters `\n`, which only the reader of a type
 * can tell from a backslash and an n that a script printed (Packer escapes neither).
 */
export type MachineLine = { target: string; type: string; data: string[] };

const COMMA = /%!\(PACKER_COMMA\)/g;
const HEAD = /^\d{1,12},([^,]*),([a-z][a-z-]*)(?:,(.*))?$/s;

/**
 * Splits one line of machine-readable output. Undefined when the line is none: the dump of a crashed plugin, or
 * what a dynamic linker prints.
 */
export const readMachineLine = (line: string): MachineLine | undefined => {
  const match = HEAD.exec(line);
  if (match === null) return undefined;
  const [, target = '', type = '', rest] = match;
  const data = rest === undefined ? [] : rest.split(',').map((field) => field.replace(COMMA, ','));
  return { target, type, data };
};
