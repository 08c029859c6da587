/** Quantiles and tables of the measurements. */

/** The value that a share of all values does not exceed; NaN of none. */
export const quantile = (values: readonly number[], share: number): number => {
  const ordered = values.toSorted((a, b) => a - b);
  return ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)] ?? Number.NaN;
};

export const median = (values: readonly number[]): number => quantile(values, 0.5);

const isNumber = (cell: string): boolean => /^[\d.,]/.test(cell);

/** A table in Markdown; columns whose cells are numbers stand to the right. */
export const table = (head: readonly string[], rows: readonly string[][]): string => {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const isRight = head.map((_, at) => rows.every((row) => isNumber(row[at] ?? '')));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => (isRight[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, at) => (isRight[at] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
};

/** A goal in the words of a report. */
export const verdict = (isMet: boolean): string => (isMet ? 'holds' : 'missed');
