import { ApiProblem } from './problem.ts';

type Headers = Record<string, string | undefined>;

/** The `ETag` of a revision. */
export const etagOf = (rev: unknown): string => `"${String(rev)}"`;

/** Throws 412 when `If-Match` is given and names neither this revision nor `*`. Weak tags never match (RFC 9110). */
export const demandMatch = (headers: Headers, rev: unknown): void => {
  const wanted = headers['if-match'];
  if (wanted === undefined) return;
  const tags = wanted.split(',').map((tag) => tag.trim());
  if (tags.includes('*') || tags.includes(etagOf(rev))) return;
  const detail = `It is at ${etagOf(rev)}. Read it again and decide anew.`;
  const errors = [
    { pointer: 'header/if-match', code: 'precondition-failed', detail: `is not ${etagOf(rev)}` },
  ];
  throw new ApiProblem('precondition-failed', detail, { errors });
};
