import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { platformCases } from '../../../support/platform-cases.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/tested.md'), 'utf8');

test('docs/tested.md has a row of every builder type and family that is built', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (linux|windows) \|/gm)].map(
    (row) => `${row[1]} ${row[2]}`,
  );
  const built = platformCases.map(
    ({ snapshot }) => `${snapshot.builderConfiguration.builderType} ${snapshot.operatingSystem.family}`,
  );
  expect(rows.toSorted()).toEqual([...new Set(built)].toSorted());
});
