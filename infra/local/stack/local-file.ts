/** `.goldsmith/local.json`: what a client on this machine needs to know (api.md, section 4). */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { StackPaths } from './settings.ts';

const localSchema = z.object({
  apiUrl: z.url(),
  socketUrl: z.url(),
  workspaceId: z.string(),
  /** The seeded owner's access token; fresh at each start and renewed while the stack runs. */
  token: z.string(),
  awsEndpoint: z.url(),
  ec2Endpoint: z.url(),
  region: z.string(),
  pid: z.int(),
});

/** What a client on this machine needs to know. */
export type LocalFile = z.infer<typeof localSchema>;

/** Writes the file whole or not at all, readable by its owner only: it holds a token. */
export async function writeLocalFile(paths: StackPaths, content: LocalFile): Promise<void> {
  const draft = `${paths.localFile}.new`;
  await rm(draft, { force: true });
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, paths.localFile);
}

/** What the file says, or undefined when there is none: nothing runs. */
export async function readLocalFile(paths: StackPaths): Promise<LocalFile | undefined> {
  const text = await readFile(paths.localFile, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : localSchema.parse(JSON.parse(text));
}

/** Removes the file: nothing can be reached any more. */
export async function removeLocalFile(paths: StackPaths): Promise<void> {
  await rm(paths.localFile, { force: true });
}
