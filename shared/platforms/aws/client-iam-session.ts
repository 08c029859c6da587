import { IAMClient } from '@aws-sdk/client-iam';
import { clientLimits } from './client-limits.ts';
import type { Session } from './client-session.ts';

const clients = new WeakMap<Session, IAMClient>();

/** The IAM client of a session. One: each client would take the connection's role anew. */
export const iamOf = (session: Session): IAMClient => {
  const { region, identity } = session;
  const client = clients.get(session) ?? new IAMClient({ ...clientLimits, region, credentials: identity });
  clients.set(session, client);
  return client;
};
