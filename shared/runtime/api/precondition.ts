import { ApiProblem } from './problem.ts';

type Headers = Record<string, string | undefined>;

/** The `ETag` of a revision. */
export const etagOf = (rev: unknown): string => `"${String(rev)}"`;

/**
 * Throws 412 when `If-Match` is given and names neither this revision nor `*`. Weak tags never match (RFC 9110), and
 * nothing matches what is not there: then `rev` is undefined.
 */
export const demandMatch = (headers: Headers, rev: number | undefined): void => {
  const wanted = headers['if-match'];
  if (wanted === undefined) return;
  if (rev === undefined) throw unmatched('There is none yet.', 'matches nothing');
  const tags = wanted.split(',').map((tag) => tag.trim());
  if (tags.includes('*') || tags.includes(etagOf(rev))) return;
  throw unmatched(`It is at ${etagOf(rev)}. Read it again and decide anew.`, `is not ${etagOf(rev)}`);
};

const unmatched = (detail: string, fault: string): ApiProblem => {
  const errors = [{ pointer: 'header/if-match', code: 'precondition-failed', detail: fault }];
  return new ApiProblem('precondition-failed', detail, { errors });
};
