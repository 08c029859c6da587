import * as z from 'zod';
import type { LogLine } from '../contracts/entities/log.ts';
import { expiryIn } from './clock.ts';
import { trafficKeys } from './keys.ts';
import { packLines, unpackLines } from './packed-lines.ts';
import type { Table } from './table.ts';
import { WriteRefused } from './write-refused.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

const headSchema = z.object({ lastSeq: z.int().default(0), complete: z.boolean() });
export type LogHead = z.infer<typeof headSchema>;
const chunkSchema = z.object({ fromSeq: z.int(), packed: z.instanceof(Uint8Array) });

/** Days a log is kept when the deployment says nothing else (architecture section 9). */
const RETENTION_DAYS = 400;

/** A chunk that does not begin at `lastSeq` + 1. */
export class OutOfOrder extends Error {
  readonly expectedSeq: number;
  constructor(expectedSeq: number) {
    super(`the next line is ${expectedSeq}`);
    this.name = 'OutOfOrder';
    this.expectedSeq = expectedSeq;
  }
}

/** The run has said its last word. */
export class LogClosed extends Error {
  constructor() {
    super('no line follows any more');
    this.name = 'LogClosed';
  }
}

const expiryOf = (table: Table): number => expiryIn(table.clock, RETENTION_DAYS * 86_400);

/** The stored log of one run: a head with the last seq, and chunks by their first. */
export const logStore = (table: Table, scope: WorkspaceScope, runId: string) => {
  const head = async (): Promise<LogHead> => {
    const item = await table.get(trafficKeys.logHead(scope, runId));
    return item === undefined ? { lastSeq: 0, complete: false } : headSchema.parse(item);
  };
  return {
    head,

    /**
     * Appends a chunk and answers what was new of it: a chunk sent again is no error. Throws OutOfOrder when lines
     * are missing before or between them, or when a number already belongs to another line, LogClosed after the end.
     */
    append: async (lines: LogLine[]): Promise<LogLine[]> => {
      const { lastSeq, complete } = await head();
      const fresh = lines.filter((line) => line.seq > lastSeq);
      const again = lines.filter((line) => line.seq <= lastSeq);
      const hole = fresh.some((line, place) => line.seq !== lastSeq + 1 + place);
      if (hole || !(await areStored(table, trafficKeys.logChunks(scope, runId), again))) {
        throw new OutOfOrder(lastSeq + 1);
      }
      if (fresh.length > 0 && complete) throw new LogClosed();
      if (fresh.length > 0)
        await table.write(appendWrites({ scope, runId, expiresAt: expiryOf(table) }, lastSeq, fresh));
      return fresh;
    },

    /** No line follows any more; answers the last seq. */
    close: async (): Promise<number> => {
      const { lastSeq } = await head();
      const set = { complete: true, expiresAt: expiryOf(table), row: 'log-head' };
      await table.write([{ update: trafficKeys.logHead(scope, runId), set }]);
      return lastSeq;
    },

    /** Deletes all of it, the head first: nothing is appended to a log that has lines but no head. */
    remove: async (): Promise<void> => {
      await table.write([{ delete: trafficKeys.logHead(scope, runId) }]);
      const chunks = trafficKeys.logChunks(scope, runId);
      for (;;) {
        const items = await table.query({ ...chunks, limit: CHUNKS_A_READ });
        if (items.length === 0) return;
        await table.write(items.map((item) => ({ delete: { pk: chunks.pk, sk: String(item['sk']) } })));
      }
    },

    /** Lines with afterSeq < seq < beforeSeq in the order asked for; reads chunk by chunk until `take` has enough. */
    read: (range: ReadRange): AsyncGenerator<LogLine> =>
      read(table, trafficKeys.logChunks(scope, runId), range),
  };
};
export type LogStore = ReturnType<typeof logStore>;

/** The head moves only from where it was read, so that two writers never leave a hole or a double line. */
const appendWrites = (
  { scope, runId, expiresAt }: { scope: WorkspaceScope; runId: string; expiresAt: number },
  lastSeq: number,
  lines: LogLine[],
): Write[] => {
  const key = trafficKeys.logHead(scope, runId);
  const toSeq = lastSeq + lines.length;
  const head: Write =
    lastSeq === 0
      ? {
          put: { ...key, row: 'log-head', lastSeq: toSeq, complete: false, expiresAt },
          if: { exists: false },
        }
      : { update: key, set: { lastSeq: toSeq, expiresAt }, if: { equals: { lastSeq, complete: false } } };
  const packed = packLines(lines);
  const chunk = { row: 'log-chunk' as const, fromSeq: lastSeq + 1, toSeq, packed, expiresAt };
  return [head, { put: { ...trafficKeys.logChunk(scope, runId, lastSeq + 1), ...chunk } }];
};

/** Whether these very lines are in the log; only asked when a chunk comes again. */
const areStored = async (
  table: Table,
  chunks: { pk: string; prefix: string },
  lines: LogLine[],
): Promise<boolean> => {
  const [first] = lines;
  const last = lines.at(-1);
  if (first === undefined || last === undefined) return true;
  const stored = new Map<number, string>();
  const range = { afterSeq: first.seq - 1, beforeSeq: last.seq + 1, newestFirst: false };
  for await (const line of read(table, chunks, range)) stored.set(line.seq, line.text);
  return lines.every((line) => stored.get(line.seq) === line.text);
};

export type ReadRange = { afterSeq: number; beforeSeq: number; newestFirst: boolean };

/** Chunks read at once: about 1 MB when they are full and hold nothing that could be packed. */
const CHUNKS_A_READ = 10;

async function* read(
  table: Table,
  chunks: { pk: string; prefix: string },
  range: ReadRange,
): AsyncGenerator<LogLine> {
  const place = (seq: number) => `${chunks.prefix}${String(seq).padStart(12, '0')}`;
  let { after, before } = await bounds(table, chunks, range, place);
  for (;;) {
    const query = { ...chunks, after, before, newestFirst: range.newestFirst, limit: CHUNKS_A_READ };
    const items = await table.query(query);
    for (const item of items) {
      const { packed, fromSeq } = chunkSchema.parse(item);
      const wanted = unpackLines(packed, fromSeq).filter(
        (line) => line.seq > range.afterSeq && line.seq < range.beforeSeq,
      );
      yield* range.newestFirst ? wanted.toReversed() : wanted;
    }
    const last = items.at(-1);
    if (last === undefined || items.length < CHUNKS_A_READ) return;
    if (range.newestFirst) before = String(last['sk']);
    else after = String(last['sk']);
  }
}

/** A chunk is found by its first line: the one that holds line `afterSeq` + 1 may begin before it. */
const bounds = async (
  table: Table,
  chunks: { pk: string; prefix: string },
  range: ReadRange,
  place: (seq: number) => string,
): Promise<{ after?: string; before?: string }> => {
  const before = Number.isFinite(range.beforeSeq) ? place(range.beforeSeq) : undefined;
  if (range.afterSeq === 0) return { before };
  const [holding] = await table.query({
    ...chunks,
    before: place(range.afterSeq + 2),
    newestFirst: true,
    limit: 1,
  });
  return { before, after: holding === undefined ? undefined : place(Number(holding['fromSeq']) - 1) };
};

/** Whether an append lost against another writer and is worth another try from the new head. */
export const lostRace = (error: unknown): boolean => error instanceof WriteRefused;
