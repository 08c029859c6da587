import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

/** docs/faults.md says of every fault which test shows it. */

const DOCS = resolve(import.meta.dirname, '../../../docs');
const text = readFileSync(resolve(DOCS, 'faults.md'), 'utf8');
const rows = text.split('\n').filter((line) => /^\| F\d+ \|/.test(line));
const named = rows.flatMap((row) =>
  [...row.matchAll(/`([^`]+)` \(\[[^\]]+\]\(([^)]+)\)\)/g)].map(([, name = '', path = '']) => ({
    name,
    path,
  })),
);

test('every fault of F1 to F48 has one line, in order', () => {
  const faults = rows.map((row) => row.split('|')[1]?.trim());
  expect(faults).toEqual(Array.from({ length: 48 }, (_, at) => `F${at + 1}`));
});

test('a fault without a test says why', () => {
  for (const row of rows) expect(row).toMatch(/`[^`]+` \(\[|\| not here: \S/);
});

test('at least 25 faults are shown on the local cloud', () => {
  const shown = rows.filter((row) => row.includes('(../test/faults/local/'));
  expect(shown.length).toBeGreaterThanOrEqual(25);
});

test.each(named)('$name is in $path', ({ name, path }) => {
  expect(readFileSync(resolve(DOCS, path), 'utf8')).toContain(name);
});
