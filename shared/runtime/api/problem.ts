import { type FieldError, type Problem, type ProblemCode, problemCodes } from '../../contracts/problem.ts';

type Extras = Pick<Problem, 'errors' | 'usedBy' | 'usedByCount' | 'expectedSeq'>;

/** A refusal that the client is told; everything else that is thrown becomes `internal` without its text. */
export class ApiProblem extends Error {
  readonly code: ProblemCode;
  readonly extras: Extras;
  /** Methods that the path has, of a 405. */
  readonly allowed: string[];
  constructor(code: ProblemCode, detail: string, extras: Extras = {}, allowed: string[] = []) {
    super(detail);
    this.name = 'ApiProblem';
    this.code = code;
    this.extras = extras;
    this.allowed = allowed;
  }
}

/** What is not there, and what must not be revealed to be there, is told the same way. */
export const notFound = (what: string): ApiProblem =>
  new ApiProblem('not-found', `There is no such ${what}.`);

/** The problem document of a refusal. */
export const problemOf = (problem: ApiProblem, requestId: string): Problem => {
  const { status, title } = problemCodes[problem.code];
  return {
    type: `urn:goldsmith:problem:${problem.code}`,
    code: problem.code,
    title,
    status,
    detail: problem.message,
    instance: requestId,
    ...problem.extras,
  };
};

/** A 422 that names every broken rule. */
export const brokenRules = (
  errors: FieldError[],
  code: 'rule-broken' | 'cannot-start' | 'upload-differs' | 'not-shareable' = 'rule-broken',
): ApiProblem =>
  new ApiProblem(code, errors.map((error) => `${error.pointer}: ${error.detail}`).join('; '), { errors });
