/** Which process owns the stack. Written by it, read by `npm stop` and by the next `npm start`. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { readStartTime } from './process-table.ts';
import type { StackPaths } from './settings.ts';

const supervisorSchema = z.object({ pid: z.int().positive(), startTime: z.string(), startedAt: z.string() });

/** The process that owns the stack: its pid, the kernel's start time that makes it unique, and the time of day. */
export type Supervisor = z.infer<typeof supervisorSchema>;

/** The living owner of the stack, or undefined. */
export async function findSupervisor(paths: StackPaths): Promise<Supervisor | undefined> {
  const text = await readFile(paths.supervisorFile, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = supervisorSchema.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  return (await readStartTime(parsed.data.pid)) === parsed.data.startTime ? parsed.data : undefined;
}

/**
 * Makes this process the owner. Only one process can be: the file is created, never overwritten.
 * @throws Error when another living process is the owner
 */
export async function becomeSupervisor(paths: StackPaths): Promise<void> {
  const startTime = (await readStartTime(process.pid)) ?? '';
  const record = JSON.stringify({ pid: process.pid, startTime, startedAt: new Date().toISOString() });
  if ((await findSupervisor(paths)) === undefined) await rm(paths.supervisorFile, { force: true });
  try {
    await writeFile(paths.supervisorFile, record, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new Error('Goldsmith is already being started from this folder.', { cause: error });
  }
}

/** Gives the ownership up. */
export async function resignSupervisor(paths: StackPaths): Promise<void> {
  await rm(paths.supervisorFile, { force: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
