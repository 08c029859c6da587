import * as z from 'zod';
import { ApiProblem } from './problem.ts';

const cursorSchema = z.tuple([z.string(), z.string()]);

/** A cursor that only works for the list it came from. */
export const cursorFor = (list: string, position: string): string =>
  Buffer.from(JSON.stringify([list, position])).toString('base64url');

/** The position in a cursor. Throws 400 when it came from another list or is no cursor at all. */
export const positionIn = (list: string, cursor: string | undefined): string | undefined => {
  if (cursor === undefined) return undefined;
  try {
    const [from, position] = cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    if (from === list) return position;
  } catch {
    // falls through to the same refusal
  }
  const errors = [{ pointer: 'query/cursor', code: 'bad-cursor', detail: 'is no cursor of this list' }];
  throw new ApiProblem('bad-query', 'The cursor is not valid.', { errors });
};

/** One page out of `limit + 1` items that were asked for: the one too many tells that there is more. */
export const pageOf = <T>(items: T[], limit: number, list: string, position: (item: T) => string) => {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  const more = items.length > limit && last !== undefined;
  return { items: page, ...(more ? { nextCursor: cursorFor(list, position(last)) } : {}) };
};
