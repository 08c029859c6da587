/** Which block of ports a stack takes. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { BLOCK_SIZE, portsOf, type StackPaths, type StackPorts } from './settings.ts';

/** First block when nobody says otherwise (api.md, section 4). */
const DEFAULT_BASE = 4600;

/** Blocks that are tried when the default one is taken: more checkouts than anyone has. */
const BLOCKS = 40;

const basePortSchema = z.coerce
  .number()
  .int()
  .min(1024)
  .max(65_535 - BLOCK_SIZE);

/**
 * The first port of the stack's block: the one that `wanted` names, else the one this folder used before, else the
 * first free one from 4600 on. Remembered in the stack's folder.
 * @param wanted the value of GOLDSMITH_PORT, if set
 * @throws Error when `wanted` is no port or its block is taken by somebody else, or when no block is free
 */
export async function choosePort(paths: StackPaths, wanted: string | undefined): Promise<number> {
  const file = join(paths.home, 'port');
  const base = wanted === undefined ? await findBlock(file) : await takeBlock(wanted);
  await writeFile(file, String(base));
  return base;
}

async function takeBlock(wanted: string): Promise<number> {
  const base = basePortSchema.safeParse(wanted);
  if (!base.success) throw new Error(`GOLDSMITH_PORT is "${wanted}": it must be a port from 1024 to 65525.`);
  const taken = await findTakenPort(base.data);
  if (taken === undefined) return base.data;
  throw new Error(
    `GOLDSMITH_PORT is ${base.data}, but port ${taken} is in use by another program ` +
      `(ports ${base.data} to ${base.data + BLOCK_SIZE - 1} are needed). Choose another GOLDSMITH_PORT.`,
  );
}

async function findBlock(file: string): Promise<number> {
  const remembered = basePortSchema.safeParse(await readFile(file, 'utf8').catch(() => undefined));
  const candidates = Array.from({ length: BLOCKS }, (_, index) => DEFAULT_BASE + index * BLOCK_SIZE);
  if (remembered.success) candidates.unshift(remembered.data);
  for (const base of candidates) if ((await findTakenPort(base)) === undefined) return base;
  throw new Error(`No free block of ${BLOCK_SIZE} ports from ${DEFAULT_BASE} on. Set GOLDSMITH_PORT.`);
}

/** The first port of a block that cannot be listened on, or undefined when all can. */
export async function findTakenPort(base: number): Promise<number | undefined> {
  for (const port of listPorts(portsOf(base))) if (!(await isFree(port))) return port;
  return undefined;
}

function listPorts({ emulator, codebuild, ec2, vmManager, clouds }: StackPorts): number[] {
  return [emulator, codebuild, ec2, vmManager, clouds];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen(port, '127.0.0.1');
    await listening;
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
