import type * as z from 'zod';
import type { PathParameters, Route } from '../../contracts/routes/route.ts';
import type { WorkspaceScope } from '../../store/workspace-scope.ts';
import type { Write } from '../../store/write.ts';
import type { Principal } from './authenticate.ts';

/** The good answer of an operation; the status is the route's unless it says another. */
export type Answer = {
  status?: number;
  headers?: Record<string, string>;
  /** JSON, or text when `headers` name another content type. */
  body?: unknown;
};

type Parsed<R, K extends 'query' | 'body'> =
  R extends Record<K, infer S extends z.ZodType> ? z.output<S> : undefined;

type PublicCall<R extends Route> = {
  params: Record<PathParameters<R['path']>, string>;
  query: Parsed<R, 'query'>;
  body: Parsed<R, 'body'>;
  headers: Record<string, string | undefined>;
  /** Of a POST, when the caller gave one. */
  idempotencyKey?: string | undefined;
  path: string;
  requestId: string;
};
type SignedInCall<R extends Route> = PublicCall<R> & {
  principal: Principal;
  /** Writes that keep this answer for the request's idempotency key; part of the operation's own transaction. */
  remember: (answer: Answer, options?: { secret: boolean }) => Write[];
};
type WorkspaceCall<R extends Route> = SignedInCall<R> & {
  scope: WorkspaceScope;
  /** Settled once it is decided whether the caller may; an eager operation waits for it before it writes. */
  granted: Promise<void>;
};

/** What an operation is called with: checked, typed by its route. */
export type CallOf<R extends Route> = R['role'] extends 'public'
  ? PublicCall<R>
  : R['role'] extends 'signed-in'
    ? SignedInCall<R>
    : WorkspaceCall<R>;

/** A call before its type is known; the handler makes it with exactly the parts that the route's role promises. */
export type UntypedCall = Omit<PublicCall<Route>, 'query' | 'body' | 'params'> &
  Partial<Pick<WorkspaceCall<Route>, 'principal' | 'scope' | 'remember' | 'granted'>> & {
    params: Record<string, string>;
    query: unknown;
    body: unknown;
  };

/**
 * A route with the function that serves it. An `eager` one begins while the caller's membership is being read, which
 * spares a round trip: it must do nothing but read until `granted` is settled.
 */
export type Operation = { route: Route; eager: boolean; run: (call: UntypedCall) => Promise<Answer> };

/** Ties a function to its route; whatever only reads is eager. The one cast: the handler has checked the call against this very route. */
export const operation = <R extends Route>(
  route: R,
  run: (call: CallOf<R>) => Promise<Answer>,
  { eager } = { eager: route.method === 'GET' },
): Operation => ({
  route,
  eager,
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  run: (call) => run(call as CallOf<R>),
});

/** An operation that writes and is eager all the same: it waits for `granted` by itself. */
export const earlyOperation = <R extends Route>(
  route: R,
  run: (call: CallOf<R>) => Promise<Answer>,
): Operation => operation(route, run, { eager: true });
