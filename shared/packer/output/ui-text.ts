/**
 * Text of Packer's user interface as it stands in a machine-readable line, made into the lines that a terminal
 * would show. Packer puts `==> target: ` (its own) or four spaces and `target: ` before each line that belongs to a
 * build; from 1.13 on everything gets the arrow, so the two say nothing about who spoke.
 */
const PREFIX = /^(?:==>| {3}) ([^\s:]+):(?: |$)/;

/**
 * Lines of a `ui` text without the prefix of their build. Packer writes a line break as `\n` and leaves a
 * backslash and an n of a script alone; but it repeats the prefix after each line break of its own, so in a text
 * with a prefix only a `\n` before the same prefix is one (`C:\new` stays whole). Texts without a prefix come from
 * Packer itself: there each `\n` is a line break. Empty lines at both ends are left out.
 */
export const uiLines = (data: string): string[] => {
  const target = PREFIX.exec(data)?.[1];
  const raw = target === undefined ? data.split(/(?:\\r)?\\n/) : splitAtPrefix(data, target);
  const lines = raw.map((line) => line.replace(PREFIX, '').trimEnd());
  const first = lines.findIndex((line) => line !== '');
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex((line) => line !== '') + 1);
};

const splitAtPrefix = (data: string, target: string): string[] => {
  const breaks = [`\\n==> ${target}:`, `\\n    ${target}:`];
  const lines: string[] = [];
  let start = 0;
  for (let at = data.indexOf('\\n'); at >= 0; at = data.indexOf('\\n', at + 2)) {
    if (!breaks.some((each) => data.startsWith(each, at))) continue;
    lines.push(data.slice(start, at));
    start = at + 2;
  }
  lines.push(data.slice(start));
  return lines;
};

/** Text of an artifact's field: Packer alone writes these, so each `\n` is a line break. */
export const artifactText = (data: string): string =>
  data.replaceAll('\\r', '\r').replaceAll('\\n', '\n').trim();

/** Whether a `ui` text belongs to a build, Packer's own or a script's; the others are Packer's for certain. */
export const isOfTarget = (data: string): boolean => PREFIX.test(data);
