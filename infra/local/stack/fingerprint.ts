/** One hash over everything that decides what a deployment looks like, so that an unchanged one is not repeated. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { CHECKOUT } from './settings.ts';

/** What the CDK app is made of. */
const SOURCES = ['cdk.json', 'package-lock.json', 'events', 'functions', 'infra', 'shared'];

/** Read by no deployment: the programs that start this machine's emulators. */
const NOT_DEPLOYED = join('infra', 'local');

/**
 * Hash of the sources and of `settings`.
 * @param settings the command line of the deployment
 */
export async function fingerprintDeployment(settings: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const source of SOURCES)
    for (const path of await listFiles(join(CHECKOUT, source)))
      hash.update(`\0${relative(CHECKOUT, path)}\0`).update(await readFile(path));
  return hash.digest('hex');
}

/** All files below a path in a fixed order; the path itself when it is a file; nothing when it does not exist. */
async function listFiles(path: string): Promise<string[]> {
  if (relative(CHECKOUT, path) === NOT_DEPLOYED) return [];
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return (await isReadable(path)) ? [path] : [];
  const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const files = await Promise.all(sorted.map((entry) => listFiles(join(path, entry.name))));
  return files.flat();
}

function isReadable(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}
