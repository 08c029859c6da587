/** Turns programs of this repository into JavaScript without dependencies, while the app is synthesised. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { AssetHashType, type BundlingOptions, DockerImage } from 'aws-cdk-lib';
import type { AssetOptions } from 'aws-cdk-lib/aws-s3-assets';
import { buildSync, type Metafile } from 'esbuild';
import { type FunctionName, functionEnvironments } from '../../shared/contracts/env/index.ts';

const FUNCTIONS = join(import.meta.dirname, '../../functions');

/** The file of a function that Lambda loads. */
export const FUNCTION_FILE = 'index.mjs';

/** Names and contents of the files of a program. */
export type ProgramFiles = Map<string, Uint8Array>;
export type Program = { path: string; options: AssetOptions };

/** The program of a function. */
export const functionProgram = (name: FunctionName): Program => programOf(name, () => filesOfFunction(name));

/** The program that the build project runs: one file of this name, which Node.js 22 runs as well. */
export const runnerProgram = (file: string): Program =>
  programOf(
    file,
    () => bundle({ [withoutExtension(file)]: join(FUNCTIONS, 'runner/main.ts') }, RUNNER).files,
  );

/**
 * The asset of a program with all that it imports, the AWS SDK too: the same code runs wherever it is deployed.
 * Its hash is that of the files that come out. Where a stack is not bundled (tests) nothing is read or built.
 */
function programOf(id: string, make: () => ProgramFiles): Program {
  const bundling: BundlingOptions = {
    // Never pulled: what is below always builds or throws. Asked for by the type.
    image: DockerImage.fromRegistry('none'),
    // Only distinguishes programs of one source folder in the CDK's cache of assets.
    command: [id],
    local: {
      tryBundle(outputDir) {
        writeFiles(outputDir, make());
        return true;
      },
    },
  };
  return { path: FUNCTIONS, options: { assetHashType: AssetHashType.OUTPUT, bundling } };
}

/** Writes the files of a program into a folder. */
export function writeFiles(folder: string, files: ProgramFiles): void {
  for (const [name, contents] of files) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
}

type Bundled = { files: ProgramFiles; outputs: Metafile['outputs'] };

/** What several functions share, and what is imported dynamically such as the client of a cloud, are files of their own: a cold start reads only what it needs. */
const FUNCTION = { target: 'node24', splitting: true } as const;
/** One file; of a platform it has the pure part, and clients with their SDKs stay out. */
const RUNNER = { target: 'node22', splitting: false, external: ['./client.ts'] };

let functions: Bundled | undefined;

/** The files of one function. All functions are bundled at once: what they share is read once. */
export function filesOfFunction(name: FunctionName): ProgramFiles {
  functions ??= bundle(
    Object.fromEntries(
      Object.keys(functionEnvironments).map((one) => [flat(one), join(FUNCTIONS, one, 'handler.ts')]),
    ),
    FUNCTION,
  );
  return filesFrom(functions, `${flat(name)}.mjs`);
}

/** The files of any other program, bundled as a function is. */
export const filesOfProgram = (entry: string): ProgramFiles =>
  filesFrom(bundle({ program: entry }, FUNCTION), 'program.mjs');

const flat = (name: string): string => name.replaceAll('/', '-');
const withoutExtension = (file: string): string => file.replace(/\.mjs$/, '');

/** An entry, under the name that Lambda looks for, and all that it imports by and by. */
function filesFrom({ files, outputs }: Bundled, entry: string): ProgramFiles {
  const found: ProgramFiles = new Map();
  const add = (output: string, name: string): void => {
    const contents = files.get(output);
    if (contents === undefined || found.has(name)) return;
    found.set(name, contents);
    for (const { path, external } of outputs[output]?.imports ?? []) if (external !== true) add(path, path);
  };
  add(entry, FUNCTION_FILE);
  return found;
}

/** Nothing is written there: esbuild wants to know what names are relative to. */
const OUT = join(import.meta.dirname, 'out');

function bundle(
  entryPoints: Record<string, string>,
  { target, splitting, external = [] }: { target: string; splitting: boolean; external?: string[] },
): Bundled {
  const { outputFiles, metafile } = buildSync({
    entryPoints,
    target,
    splitting,
    external,
    bundle: true,
    platform: 'node',
    format: 'esm',
    minify: true,
    // Names of classes and functions appear in logs and stack traces.
    keepNames: true,
    mainFields: ['module', 'main'],
    // What CommonJS modules know of their place; names that a module declares itself are left alone.
    define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
    alias: { 'https-proxy-agent': join(import.meta.dirname, 'bundled/https-proxy-agent.mjs') },
    legalComments: 'none',
    logLevel: 'error',
    // Some dependencies are CommonJS and ask for Node's own modules with require, which ESM lacks.
    banner: {
      js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
    },
    absWorkingDir: import.meta.dirname,
    outdir: OUT,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'parts/[name]-[hash]',
    write: false,
    metafile: true,
  });
  const named = (path: string): string => relative(OUT, join(import.meta.dirname, path));
  return {
    files: new Map(outputFiles.map(({ path, contents }) => [relative(OUT, path), contents])),
    outputs: Object.fromEntries(
      Object.entries(metafile.outputs).map(([path, output]) => [
        named(path),
        {
          ...output,
          imports: output.imports.map((one) =>
            one.external === true ? one : { ...one, path: named(one.path) },
          ),
        },
      ]),
    ),
  };
}
