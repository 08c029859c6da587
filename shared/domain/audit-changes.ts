import { isDeepStrictEqual } from 'node:util';
import type { AuditEvent } from '../contracts/entities/audit-event.ts';
import { sha256 } from './sha256.ts';

type Fields = Record<string, unknown>;

/** Fields of every change, which say nothing about it. */
const BOOKKEEPING = new Set(['id', 'createdAt', 'createdBy', 'updatedAt', 'rev']);
/** Longer texts, such as scripts, are told by length and SHA-256: both sides of a change fit one row. */
const LONGEST_TEXT = 500;
/** A field of more than this many characters of JSON is told as a whole by length and SHA-256. */
const LONGEST_FIELD = 20_000;

const digested = (text: string) => ({ length: text.length, sha256: sha256(text) });

const abridge = (value: unknown): unknown => {
  if (typeof value === 'string') return value.length > LONGEST_TEXT ? digested(value) : value;
  if (Array.isArray(value)) return value.map(abridge);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, abridge(inner)]));
};

const abridgeField = (value: unknown): unknown => {
  const short = abridge(value);
  const json = JSON.stringify(short) ?? '';
  return json.length > LONGEST_FIELD ? digested(JSON.stringify(value)) : short;
};

const differing = (one: Fields, other: Fields): Fields =>
  Object.fromEntries(
    Object.entries(one)
      .filter(([key, value]) => !BOOKKEEPING.has(key) && !isDeepStrictEqual(value, other[key]))
      .map(([key, value]) => [key, abridgeField(value)]),
  );

/** The fields that a change altered, as they were and as they are. A create has no `before`, a delete no `after`. */
export const changedFields = (
  before: Fields | undefined,
  after: Fields | undefined,
): Pick<AuditEvent, 'before' | 'after'> => ({
  ...(before && { before: differing(before, after ?? {}) }),
  ...(after && { after: differing(after, before ?? {}) }),
});
