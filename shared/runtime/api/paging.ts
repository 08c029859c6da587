import * as z from 'zod';
import { ApiProblem } from './problem.ts';

const cursorSchema = z.tuple([z.string(), z.string()]);

/** A cursor that only works for the list it came from. */
export const cursorFor = (list: string, position: string): string =>
  Buffer.from(JSON.stringify([list, position])).toString('base64url');

const badCursor = (): ApiProblem => {
  const errors = [{ pointer: 'query/cursor', code: 'bad-cursor', detail: 'is no cursor of this list' }];
  return new ApiProblem('bad-query', 'The cursor is not valid.', { errors });
};

/** The position in a cursor. Throws 400 when it came from another list or is no cursor at all. */
export const positionIn = (list: string, cursor: string | undefined): string | undefined => {
  if (cursor === undefined) return undefined;
  const opened = openCursor(cursor);
  if (opened === undefined || opened[0] !== list) throw badCursor();
  return opened[1];
};

const openCursor = (cursor: string): [string, string] | undefined => {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    return undefined;
  }
};

/** The position in a cursor of a list that is ordered by number. Throws 400 as above. */
export const numberIn = (list: string, cursor: string | undefined): number | undefined => {
  const position = positionIn(list, cursor);
  if (position !== undefined && !/^\d{1,15}$/.test(position)) throw badCursor();
  return position === undefined ? undefined : Number(position);
};

/** One page out of `limit + 1` items that were asked for: the one too many tells that there is more. */
export const pageOf = <T>(items: T[], limit: number, list: string, position: (item: T) => string) => {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  const more = items.length > limit && last !== undefined;
  return { items: page, ...(more ? { nextCursor: cursorFor(list, position(last)) } : {}) };
};
