import { posix } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { FUNCTION_FILE, filesOfFunction, type ProgramFiles } from '../../infra/constructs/bundle.ts';
import type { FunctionName } from '../../shared/contracts/env/index.ts';

/** Functions that act in customers' accounts, each of one platform at a time. */
const names = [
  'workflow/prepare',
  'workflow/verify',
  'agent-api',
  'api/platforms',
] as const satisfies FunctionName[];

/** Words that stand in the code of each SDK, also when it is minified. */
const marks = {
  aws: 'AmazonEC2',
  azure: 'azsdk-js-arm-',
  gcp: 'google.cloud.compute.v1',
} as const;

const text = (files: ProgramFiles, name: string): string =>
  Buffer.from(files.get(name) ?? []).toString('utf8');

/** Names of the files that a file needs before it runs; what it asks for later stands in `import(…)`. */
const neededBy = (files: ProgramFiles, name: string): string[] =>
  [...text(files, name).matchAll(/(?:import|from)\s*"(\.[^"]+)"/g)].map(([, path = '']) =>
    posix.join(posix.dirname(name), path),
  );

/** All files that are read when a function starts. */
const readAtStart = (files: ProgramFiles, entry = FUNCTION_FILE): Set<string> => {
  const found = new Set<string>();
  const add = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    for (const each of neededBy(files, name)) add(each);
  };
  add(entry);
  return found;
};

/** Which SDKs are in these files. */
const sdksIn = (files: ProgramFiles, some: Iterable<string>): string[] => {
  const all = [...some].map((name) => text(files, name));
  return Object.entries(marks)
    .filter(([, mark]) => all.some((content) => content.includes(mark)))
    .map(([platform]) => platform);
};

/** Bundling all functions takes 4 s, on a busy machine ten times that. */
const BUNDLING_MS = 180_000;
beforeAll(() => void filesOfFunction('workflow/prepare'), BUNDLING_MS);

test.each(names)('%s starts without the SDK of any platform, and brings all of them along', (name) => {
  const files = filesOfFunction(name);
  const start = readAtStart(files);
  expect(start.size).toBeGreaterThan(1);
  expect(sdksIn(files, start)).toEqual([]);
  expect(sdksIn(files, files.keys())).toEqual(['aws', 'azure', 'gcp']);
});

test.each(Object.keys(marks))('what %s needs is read without the SDKs of the others', (platform) => {
  const files = filesOfFunction('workflow/prepare');
  const own = [...files.keys()].filter((name) => sdksIn(files, [name]).includes(platform));
  const read = new Set(own.flatMap((name) => [...readAtStart(files, name)]));
  expect(sdksIn(files, read)).toEqual([platform]);
});

test('the quotas of AWS are asked by a client of their own, which is read only when a preflight asks', () => {
  const files = filesOfFunction('workflow/prepare');
  const isOfQuotas = (name: string): boolean => text(files, name).includes('ServiceQuotasV20190624');
  const ofPlatform = [...files.keys()].filter((name) => sdksIn(files, [name]).includes('aws'));
  const read = new Set(ofPlatform.flatMap((name) => [...readAtStart(files, name)]));
  expect([...files.keys()].filter(isOfQuotas)).not.toEqual([]);
  expect([...read].filter(isOfQuotas)).toEqual([]);
});
