import * as z from 'zod';
import type { PlatformCheck } from '../platform.ts';
import type { AzureSnapshot } from './base-image.ts';
import { credentialsAfter, fails, looked, passes, warns } from '../checks.ts';
import type { Session } from './client-session.ts';
import { ifThere, translateError } from './errors.ts';
import {
  missingActions,
  type NeededActions,
  neededActions,
  type Permission,
  subscriptionActions,
} from './permissions.ts';

const subscriptionAnswer = z.object({ state: z.string(), displayName: z.string().optional() });
const permissionsAnswer = z.object({
  value: z.array(
    z.object({ actions: z.array(z.string()).default([]), notActions: z.array(z.string()).default([]) }),
  ),
  nextLink: z.string().optional(),
});

/** States in which a subscription lets things be made ("Azure subscription states"). */
const WORKING = ['Enabled', 'Warned', 'PastDue'];

/** Whether the credentials let anybody in and the subscription is there and works. `place` is where the connection's settings are. */
export const checkCredentials = async (session: Session, place: string): Promise<PlatformCheck> => {
  const { subscriptionId } = session;
  const field = `${place}/subscriptionId`;
  try {
    const body = await ifThere(session.read(`/subscriptions/${subscriptionId}`, '2022-12-01'));
    if (body === undefined) {
      const detail = `The subscription ${subscriptionId} is not there for these credentials.`;
      const remedy = 'Correct the subscription, or give the application a role in it.';
      return fails('credentials', { detail, field, errorId: 'permission-denied', remedy });
    }
    const { state, displayName = subscriptionId } = subscriptionAnswer.parse(body);
    if (WORKING.includes(state)) return passes('credentials', `Subscription ${displayName} is ${state}.`);
    const detail = `The subscription ${displayName} is ${state}.`;
    return fails('credentials', { detail, field, errorId: 'account-disabled' });
  } catch (error) {
    return credentialsAfter(translateError(error), `${place}/auth`);
  }
};

const rolesAt = async (session: Session, scope: string): Promise<Permission[]> => {
  const body = await session.read(`${scope}/providers/Microsoft.Authorization/permissions`, '2022-04-01');
  return permissionsAnswer.parse(body).value;
};

const checkScope = async (
  session: Session,
  { scope, actions }: NeededActions,
  report: typeof fails,
  field: string,
): Promise<PlatformCheck[]> => {
  const missing = missingActions(actions, await rolesAt(session, scope));
  if (missing.length === 0)
    return [passes('permissions', `All ${actions.length} actions are allowed at ${scope}.`)];
  const detail = `Not allowed at ${scope}: ${missing.join(', ')}.`;
  return [report('permissions', { detail, field, errorId: 'permission-denied' })];
};

/** Whether the connection's application may do all that the run needs, at each scope that it needs it at. */
export const checkPermissions = async (
  session: Session,
  snapshot: AzureSnapshot,
): Promise<PlatformCheck[]> => {
  const checks = neededActions(snapshot).map((needed) =>
    looked(translateError, 'permissions', `What is allowed at ${needed.scope}`, () =>
      checkScope(session, needed, fails, '/connection/settings/auth'),
    ),
  );
  return (await Promise.all(checks)).flat();
};

/** The same for a connection alone: what is not allowed at the subscription may be at the groups that builders name. */
export const checkSubscriptionPermissions = (session: Session): Promise<PlatformCheck[]> => {
  const scope = `/subscriptions/${session.subscriptionId}`;
  return looked(translateError, 'permissions', `What is allowed at ${scope}`, () =>
    checkScope(session, { scope, actions: subscriptionActions }, warns, '/settings/auth'),
  );
};
