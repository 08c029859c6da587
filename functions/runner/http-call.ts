import type * as z from 'zod';
import { type Problem, problemSchema } from '../../shared/contracts/problem.ts';
import { LeaseLostError, OutOfOrderError, RefusedError, UnreachableError } from './agent-errors.ts';
import type { Clock } from './clock.ts';

/** Sends one HTTP request; `fetch` itself, or a stand-in. */
export type Send = (url: string, init: RequestInit) => Promise<Response>;

export type CallOptions = {
  method: 'GET' | 'POST';
  url: string;
  token: string;
  body?: unknown;
  /** Until when failures are tried again, in milliseconds since 1970; asked anew before each try. */
  until: () => number;
  signal?: AbortSignal | undefined;
};

export type CallTools = { send: Send; clock: Clock; random: () => number };

/** API Gateway answers after at most 29 or 30 s, by itself if need be; who waits longer waits for nobody. */
const ATTEMPT_MILLISECONDS = 30_000;
/** First and longest mean of the waits between tries; at 10 s an API that comes back is noticed at once. */
const FIRST_WAIT = 200;
const LONGEST_WAIT = 10_000;

/**
 * Calls the agent API until it answers. No connection, 5xx, 408, 425, 429, refusals that are not the API's
 * own and an answer that is not what the contract says (a proxy's page) are tried again with full jitter: a uniformly random wait below a bound that
 * doubles. Throws LeaseLostError, OutOfOrderError and RefusedError at once, UnreachableError after `until`.
 */
export const callAgentApi = async <T extends z.ZodType>(
  tools: CallTools,
  options: CallOptions,
  answer: T,
): Promise<z.infer<T>> => {
  let uncertain = false;
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await attemptCall(tools, options, uncertain);
    const parsed = outcome.answered ? answer.safeParse(outcome.body) : undefined;
    if (parsed?.success === true) return parsed.data;
    const reason = outcome.answered ? 'the answer is not what the protocol says' : outcome.reason;
    uncertain ||= outcome.answered || outcome.uncertain;
    const left = options.until() - tools.clock.now();
    if (options.signal?.aborted === true || left <= 0) throw new UnreachableError(reason);
    const wait = tools.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(attempt, 20));
    // The last try is made at the very end: whoever waits for an answer is told only then that there is none.
    await tools.clock.sleep(Math.min(wait, left), options.signal);
  }
};

/** What became of one try: a body to check, or why not and whether it may have been carried out all the same. */
type Attempt = { answered: true; body: unknown } | { answered: false; reason: string; uncertain: boolean };

const attemptCall = async (tools: CallTools, options: CallOptions, uncertain: boolean): Promise<Attempt> => {
  let response: Response;
  let text: string;
  try {
    response = await tools.send(options.url, toRequest(options));
    text = await response.text();
  } catch (error) {
    return {
      answered: false,
      reason: `no answer: ${error instanceof Error ? error.message : 'unknown'}`,
      uncertain: true,
    };
  }
  if (response.ok) return { answered: true, body: parseJson(text) };
  const problem = problemSchema.partial().safeParse(parseJson(text)).data;
  if (isPassing(response.status, problem?.code)) {
    return { answered: false, reason: `status ${response.status}`, uncertain: response.status >= 500 };
  }
  throw toRefusal(response.status, problem, uncertain);
};

const toRequest = ({ method, token, body, signal }: CallOptions): RequestInit => {
  const timeout = AbortSignal.timeout(ATTEMPT_MILLISECONDS);
  return {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'content-type': 'application/json',
    },
    ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    redirect: 'error',
  };
};

/**
 * Whether a later try may fare better. Without a code of ours, 401, 403 and 404 come from something in between: a
 * gateway that is being deployed, a proxy. No build of hours must end for that.
 */
const isPassing = (status: number, code: string | undefined): boolean =>
  status >= 500 || PASSING.includes(status) || (code === undefined && FROM_BETWEEN.includes(status));
const PASSING = [408, 425, 429];
const FROM_BETWEEN = [401, 403, 404];

const toRefusal = (status: number, problem: Partial<Problem> | undefined, uncertain: boolean): Error => {
  if (problem?.code === 'lease-lost')
    return new LeaseLostError('the lease belongs to another runner or has ended');
  if (problem?.code === 'out-of-order' && problem.expectedSeq !== undefined) {
    return new OutOfOrderError(problem.expectedSeq, uncertain);
  }
  return new RefusedError(status, `refused with ${status} ${problem?.code ?? ''}`.trim());
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
