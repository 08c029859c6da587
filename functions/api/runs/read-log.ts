import type { LogLine, LogQuery } from '../../../shared/contracts/entities/log.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { cursorFor, listOf, numberIn } from '../../../shared/runtime/api/paging.ts';
import { notFound } from '../../../shared/runtime/api/problem.ts';
import { type LogHead, type LogStore, logStore } from '../../../shared/store/log-store.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { demandDefinition, demandRun } from './read-runs.ts';

/** Largest page of JSON and of plain text, in bytes (api.md). */
const MAX_JSON_BYTES = 1_000_000;
const MAX_TEXT_BYTES = 4_000_000;
/** Room for the document around the lines. */
const FRAME_BYTES = 1000;

type Tables = { core: Table; traffic: Table };
type Call = {
  scope: WorkspaceScope;
  query: LogQuery;
  path: string;
  headers: Record<string, string | undefined>;
};

/** The log of a run, live or after its end. */
export const readLog = async (
  tables: Tables,
  call: Call & { params: { runId: string } },
): Promise<Answer> => {
  const run = await demandRun(tables.core, call.scope, call.params.runId);
  return answerLog(tables, call, run);
};

/** The log of a definition's latest run in one step; of a deleted definition that of its last. */
export const readLatestLog = async (
  tables: Tables,
  call: Call & { params: { imageDefinitionId: string } },
): Promise<Answer> => {
  const { imageDefinitionId } = call.params;
  const runs = runStore(tables.core, call.scope);
  const run =
    (await runs.latest(imageDefinitionId)) ??
    (await runs.listOfDefinition(imageDefinitionId, { limit: 1 }))[0];
  if (run !== undefined) return answerLog(tables, call, run);
  await demandDefinition(tables.core, call.scope, imageDefinitionId);
  throw notFound('run of this definition');
};

/** A run that was stopped while queued never had a log that could be closed: it is complete as it is. */
const answerLog = async (tables: Tables, call: Call, run: StoredRun): Promise<Answer> => {
  const log = logStore(tables.traffic, call.scope, run.id);
  const stored = await log.head();
  const head = { ...stored, complete: stored.complete || hasEnded(run) };
  const wantsText = /^text\/plain\b/.test(call.headers['accept'] ?? '');
  // A cursor belongs to one run: a definition's latest run may be another by the next page.
  const list = listOf(run.id, call.query);
  const position = await numberIn(tables.core, list, call.query.cursor);
  const asked = { call, position, cursorAt: (seq: number) => cursorFor(tables.core, list, String(seq)) };
  return wantsText ? textPage(log, head, asked) : jsonPage(log, head, asked);
};

/** A question about a log: where its page begins, and the cursor of the page after line `seq`. */
type Asked = { call: Call; position: number | undefined; cursorAt: (seq: number) => Promise<string> };

const rangeOf = (query: LogQuery, position: number | undefined) => {
  const newestFirst = query.order === 'newest';
  const { afterSeq = 0, beforeSeq = Infinity } = query;
  return newestFirst
    ? { newestFirst, afterSeq, beforeSeq: Math.min(beforeSeq, position ?? Infinity) }
    : { newestFirst, afterSeq: Math.max(afterSeq, position ?? 0), beforeSeq };
};

const wanted = (line: LogLine, query: LogQuery): boolean =>
  (query.step === undefined || line.step === query.step) &&
  (query.level === undefined || line.level === query.level) &&
  (query.q === undefined || line.text.toLowerCase().includes(query.q.toLowerCase()));

/** A filter that fits little ends a page here and leads on with a cursor, instead of reading a whole flood. */
const MAX_SCANNED_LINES = 20_000;

/** Lines of a page, and the last one looked at when there is more behind it. */
type Collected = { lines: LogLine[]; stoppedAt?: number };

type Room = { lines: number; bytes: number; sizeOf: (line: LogLine) => number };

/** Lines until the page is full by count or bytes, or enough were looked at. */
const collect = async (lines: AsyncIterable<LogLine>, query: LogQuery, room: Room): Promise<Collected> => {
  const page: LogLine[] = [];
  let bytes = FRAME_BYTES;
  let scanned = 0;
  let last: number | undefined;
  for await (const line of lines) {
    const fits = wanted(line, query);
    if (fits) bytes += room.sizeOf(line);
    const isFull = fits && (page.length === room.lines || bytes > room.bytes);
    if (last !== undefined && (isFull || scanned === MAX_SCANNED_LINES))
      return { lines: page, stoppedAt: last };
    if (fits) page.push(line);
    scanned += 1;
    last = line.seq;
  }
  return { lines: page };
};

/** Lines of a page when the query does not say. */
const DEFAULT_LINES = 200;

const jsonPage = async (log: LogStore, head: LogHead, asked: Asked): Promise<Answer> => {
  const { query } = asked.call;
  const range = rangeOf(query, asked.position);
  const sizeOf = (line: LogLine) => Buffer.byteLength(JSON.stringify(line)) + 1;
  const room = { lines: query.limit ?? DEFAULT_LINES, bytes: MAX_JSON_BYTES, sizeOf };
  const page = await collect(log.read(range), query, room);
  return {
    body: {
      lines: page.lines,
      firstSeq: head.lastSeq === 0 ? 0 : 1,
      lastSeq: head.lastSeq,
      complete: head.complete,
      nextCursor: page.stoppedAt === undefined ? undefined : await asked.cursorAt(page.stoppedAt),
    },
  };
};

/** The log as text, in the order asked for; `Link: rel="next"` leads on with the same question. */
const textPage = async (log: LogStore, head: LogHead, asked: Asked): Promise<Answer> => {
  const { query } = asked.call;
  const range = rangeOf(query, asked.position);
  const sizeOf = (line: LogLine) => Buffer.byteLength(line.text) + 1;
  const room = { lines: query.limit ?? head.lastSeq + 1, bytes: MAX_TEXT_BYTES, sizeOf };
  const page = await collect(log.read(range), query, room);
  const next = page.stoppedAt === undefined ? undefined : await asked.cursorAt(page.stoppedAt);
  return {
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      ...(next === undefined ? {} : { link: `<${nextPath(asked.call, next)}>; rel="next"` }),
    },
    body: page.lines.map((line) => `${line.text}\n`).join(''),
  };
};

const nextPath = ({ path, query }: Call, cursor: string): string => {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, cursor })) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return `${path}?${parameters.toString()}`;
};
