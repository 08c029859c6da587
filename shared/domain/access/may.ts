import { type Role, roles } from '../../contracts/entities/workspace.ts';
import type { Route } from '../../contracts/routes/route.ts';

/** Who is asking. `role`: in the workspace that the path names; undefined for a stranger there and where it names none. */
export type Asker = {
  kind: 'user' | 'api-token';
  role: Role | undefined;
  /** Whether the path is about the asker, of a route with `orSelf`. */
  isSelf?: boolean;
};

/** `not-found`: a workspace is not revealed to strangers. */
export type Decision = 'allow' | 'not-found' | 'role-too-small';

/** The smallest role that may, of a route in a workspace. */
const smallestRole = ({ role }: Pick<Route, 'role'>): Role =>
  role === 'public' || role === 'signed-in' ? 'viewer' : role;

/**
 * The one decision who may what: whether somebody whose token is good may use a route. Each role includes those before
 * it. Whether a token is needed, and is good, is decided before.
 */
export const may = (
  asker: Asker,
  route: Pick<Route, 'path' | 'role' | 'onlyPeople' | 'orSelf'>,
): Decision => {
  if (route.role === 'public') return 'allow';
  if (route.path.includes('{workspaceId}')) {
    if (asker.role === undefined) return 'not-found';
    if (route.orSelf !== undefined && asker.isSelf === true && asker.kind === 'user') return 'allow';
    if (roles.indexOf(asker.role) < roles.indexOf(smallestRole(route))) return 'role-too-small';
  }
  return route.onlyPeople === true && asker.kind !== 'user' ? 'role-too-small' : 'allow';
};
