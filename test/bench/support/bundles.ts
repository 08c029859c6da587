/** The programs as they are deployed: built by the very construct that deploys them. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { filesOfFunction, filesOfProgram, type ProgramFiles } from '../../../infra/constructs/bundle.ts';
import { type FunctionName, functionEnvironments } from '../../../shared/contracts/env/index.ts';

const isFunctionName = (name: string): name is FunctionName => Object.hasOwn(functionEnvironments, name);

/** `files` by name, `index.mjs` first among them; `bytes` are those of all. */
export type Bundle = { name: string; files: ProgramFiles; bytes: number; gzipped: number };

const measured = (name: string, files: ProgramFiles): Bundle => {
  const all = [...files.values()];
  const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0);
  return {
    name,
    files,
    bytes: sum(all.map(({ length }) => length)),
    gzipped: sum(all.map((contents) => gzipSync(contents).length)),
  };
};

/** Every deployed function. */
export const functionBundles = (): Bundle[] =>
  Object.keys(functionEnvironments)
    .filter(isFunctionName)
    .map((name) => measured(name, filesOfFunction(name)));

/** The bare handler, bundled in the same way. */
export const bareBundle = (name: string): Bundle =>
  measured(name, filesOfProgram(join(import.meta.dirname, 'bare/handler.ts')));
