import type { LogLine, LogQuery } from '../../../shared/contracts/entities/log.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { cursorFor, positionIn } from '../../../shared/runtime/api/paging.ts';
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

/** The log of a definition's latest run in one step. */
export const readLatestLog = async (
  tables: Tables,
  call: Call & { params: { imageDefinitionId: string } },
): Promise<Answer> => {
  const { imageDefinitionId } = call.params;
  const run = await runStore(tables.core, call.scope).latest(imageDefinitionId);
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
  return wantsText ? textPage(log, head, call) : jsonPage(log, head, call);
};

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

type Collected = { lines: LogLine[]; more: LogLine | undefined };

/** Lines until the page is full by count or bytes; `more` is the first one that had no room. */
const collect = async (
  lines: AsyncIterable<LogLine>,
  query: LogQuery,
  room: { lines: number; bytes: number; sizeOf: (line: LogLine) => number },
): Promise<Collected> => {
  const page: LogLine[] = [];
  let bytes = FRAME_BYTES;
  for await (const line of lines) {
    if (!wanted(line, query)) continue;
    bytes += room.sizeOf(line);
    if (page.length === room.lines || bytes > room.bytes) return { lines: page, more: line };
    page.push(line);
  }
  return { lines: page, more: undefined };
};

const jsonPage = async (log: LogStore, head: LogHead, call: Call): Promise<Answer> => {
  const { query, path } = call;
  const position = positionIn(path, query.cursor);
  const range = rangeOf(query, position === undefined ? undefined : Number(position));
  const sizeOf = (line: LogLine) => Buffer.byteLength(JSON.stringify(line)) + 1;
  const page = await collect(log.read(range), query, { lines: query.limit, bytes: MAX_JSON_BYTES, sizeOf });
  const last = page.lines.at(-1);
  const nextCursor = page.more && last ? cursorFor(path, String(last.seq)) : undefined;
  return {
    body: {
      lines: page.lines,
      firstSeq: head.lastSeq === 0 ? 0 : 1,
      lastSeq: head.lastSeq,
      complete: head.complete,
      nextCursor,
    },
  };
};

/** The log as text, oldest first unless asked otherwise; `Link: rel="next"` leads on. */
const textPage = async (log: LogStore, head: LogHead, call: Call): Promise<Answer> => {
  const { query, path } = call;
  const position = positionIn(path, query.cursor);
  const range = rangeOf(query, position === undefined ? undefined : Number(position));
  const sizeOf = (line: LogLine) => Buffer.byteLength(line.text) + 1;
  const page = await collect(log.read(range), query, { lines: head.lastSeq, bytes: MAX_TEXT_BYTES, sizeOf });
  const last = page.lines.at(-1);
  const next =
    page.more && last ? `<${path}?order=${query.order}&cursor=${cursorFor(path, String(last.seq))}>` : '';
  return {
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      ...(next === '' ? {} : { link: `${next}; rel="next"` }),
    },
    body: page.lines.map((line) => `${line.text}\n`).join(''),
  };
};
