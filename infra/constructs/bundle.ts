/** Turns a program of this repository into one JavaScript file, while the app is synthesised. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, type BundlingOptions, DockerImage } from 'aws-cdk-lib';
import type { AssetOptions } from 'aws-cdk-lib/aws-s3-assets';
import { type BuildOptions, buildSync } from 'esbuild';
import { type FunctionName, functionEnvironments } from '../../shared/contracts/env/index.ts';

const FUNCTIONS = join(import.meta.dirname, '../../functions');

/** The program of a function: the one place that knows where handlers are. */
export const functionEntry = (name: FunctionName) => entryBelow(name);
/** The program that the build project runs. */
export const runnerEntry = join(FUNCTIONS, 'runner', 'main.ts');

export type Program = { path: string; options: AssetOptions };

export type ProgramProps = {
  entry: string;
  /** Name of the file that comes out. */
  file: string;
  /** The oldest Node.js that runs it, in esbuild's words. */
  target: 'node22' | 'node24';
};

/**
 * The asset of a program with all that it imports, the AWS SDK too: the same code runs wherever it is deployed.
 * Its hash is that of the file that comes out. Where a stack is not bundled (tests) nothing is read or built.
 */
export function programOf({ entry, file, target }: ProgramProps): Program {
  const bundling: BundlingOptions = {
    // Never pulled: what is below always builds or throws. Asked for by the type.
    image: DockerImage.fromRegistry('none'),
    // Only distinguishes programs of one source folder in the CDK's cache of assets.
    command: [entry, file, target],
    local: {
      tryBundle(outputDir) {
        writeFileSync(join(outputDir, file), bundled(entry, target));
        return true;
      },
    },
  };
  return { path: FUNCTIONS, options: { assetHashType: AssetHashType.OUTPUT, bundling } };
}

function entryBelow(name: string): string {
  return join(FUNCTIONS, name, 'handler.ts');
}

const programs = new Map<string, Uint8Array>();

/** The first function that is asked for bundles all of them: what they share is read once. */
function bundled(entry: string, target: ProgramProps['target']): Uint8Array {
  const made = programs.get(entry);
  if (made !== undefined) return made;
  const functions = Object.keys(functionEnvironments).map(entryBelow);
  bundle(functions.includes(entry) ? functions : [entry], target);
  return bundled(entry, target);
}

function bundle(entryPoints: string[], target: string): void {
  const place = { outbase: FUNCTIONS, outdir: FUNCTIONS, write: false } as const;
  const { outputFiles } = buildSync({ ...esbuildOptions, ...place, entryPoints, target });
  for (const { path, contents } of outputFiles) programs.set(path.replace(/\.js$/, '.ts'), contents);
}

/** How every program is bundled. */
export const esbuildOptions: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  minify: true,
  // Names of classes and functions appear in logs and stack traces.
  keepNames: true,
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'error',
  // Some dependencies are CommonJS and ask for Node's own modules with require, which ESM lacks.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
};
