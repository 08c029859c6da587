import { MAX_DEPTH, MAX_MEMBERS } from '../../contracts/limits.ts';
import type { FieldError } from '../../contracts/problem.ts';
import { pointerOf } from '../../domain/json-pointer.ts';

type Path = (string | number)[];
type Finding = (path: Path, code: string, detail: string) => void;

/** A JSON value without what no field may hold, and where that stood. */
export type Screened = { value: unknown; errors: FieldError[] };

/**
 * Looks through parsed JSON before any schema does, and takes out what no schema should meet: nesting and lists without
 * end, the key `__proto__`, numbers beyond what a double holds, text that is no Unicode or holds NUL. Too long lists are
 * cut, so that the schema can still name the limit of the very field.
 */
export const screenJson = (body: unknown): Screened => {
  const errors: FieldError[] = [];
  const found: Finding = (path, code, detail) => errors.push({ pointer: pointerOf(path), code, detail });
  return { value: screen(body, [], found), errors };
};

const screen = (value: unknown, path: Path, found: Finding): unknown => {
  if (typeof value === 'string') return screenText(value, path, found);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    found(path, 'out-of-range', 'is a number too large to be told exactly');
  }
  if (typeof value !== 'object' || value === null) return value;
  if (path.length >= MAX_DEPTH) {
    found(path, 'too-deep', `is nested deeper than ${MAX_DEPTH} levels`);
    return null;
  }
  return Array.isArray(value) ? screenList(value, path, found) : screenObject(value, path, found);
};

const screenText = (text: string, path: Path, found: Finding): string => {
  if (!text.isWellFormed()) found(path, 'bad-text', 'is no well-formed Unicode');
  if (text.includes('\u0000')) found(path, 'bad-text', 'holds a NUL character');
  return text;
};

const screenList = (list: unknown[], path: Path, found: Finding): unknown[] => {
  if (list.length > MAX_MEMBERS)
    found(path, 'too-long', `has ${list.length} elements; no list may have more than ${MAX_MEMBERS}`);
  return list.slice(0, MAX_MEMBERS).map((one, index) => screen(one, [...path, index], found));
};

const screenObject = (object: object, path: Path, found: Finding): object => {
  const entries = Object.entries(object);
  if (entries.length > MAX_MEMBERS)
    found(path, 'too-long', `has ${entries.length} fields; no object may have more than ${MAX_MEMBERS}`);
  const kept: [string, unknown][] = [];
  for (const [key, value] of entries.slice(0, MAX_MEMBERS)) {
    const place = [...path, key];
    if (key === '__proto__') found(place, 'bad-key', 'is a name that no field may have');
    else kept.push([screenText(key, place, found), screen(value, place, found)]);
  }
  return Object.fromEntries(kept);
};
