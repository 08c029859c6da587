/** The programs as they are deployed: built by the very construct that deploys them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { esbuildOptions, functionEntry, programOf } from '../../../infra/constructs/bundle.ts';
import { type FunctionName, functionEnvironments } from '../../../shared/contracts/env/index.ts';

const FILE = 'index.mjs';
const TARGET = 'node24';

const bundleOf = (entry: string): Uint8Array => {
  const folder = mkdtempSync(join(tmpdir(), 'goldsmith-bench-'));
  try {
    const { bundling } = programOf({ entry, file: FILE, target: TARGET }).options;
    if (bundling?.local?.tryBundle(folder, bundling) !== true) throw new Error(`${entry} was not bundled`);
    return readFileSync(join(folder, FILE));
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const isFunctionName = (name: string): name is FunctionName => Object.hasOwn(functionEnvironments, name);

export type Bundle = { name: FunctionName; code: Uint8Array; gzipped: number };

/** Every deployed function. */
export const functionBundles = (): Bundle[] =>
  Object.keys(functionEnvironments)
    .filter(isFunctionName)
    .map((name) => {
      const code = bundleOf(functionEntry(name));
      return { name, code, gzipped: gzipSync(code).length };
    });

/** The bare handler, bundled in the same way. */
export const bareBundle = (): Uint8Array => {
  const entryPoints = [join(import.meta.dirname, 'bare/handler.ts')];
  const { outputFiles } = buildSync({ ...esbuildOptions, entryPoints, target: TARGET, write: false });
  const [program] = outputFiles;
  if (program === undefined) throw new Error('the bare handler was not bundled');
  return program.contents;
};
