import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Table } from '../../store/table.ts';
import { isWorkspaceId, scopeTo } from '../../store/workspace-scope.ts';
import { workspaceStore } from '../../store/workspace-store.ts';
import { answerRequests, checkedCall, type Found } from './answer-requests.ts';
import { type Authenticate, demandAccess, type Principal, roleIn } from './authenticate.ts';
import { idempotency } from './idempotency.ts';
import type { Answer, Operation, UntypedCall } from './operation.ts';
import { header } from './read-request.ts';

type Dependencies = { table: Table; authenticate: Authenticate };

/**
 * The handler of one area: the checks in the order that api.md fixes: token, membership, role, body and query, shape;
 * the operation does the rest.
 */
export const apiHandler = (operations: Record<string, Operation>, dependencies: Dependencies) =>
  answerRequests(operations, (event, found) => serve(event, found, dependencies));

/**
 * Who asks is known first. Whether they may is read while an eager operation reads what it needs: nothing is answered
 * and nothing is written before that is decided, and a refusal of access comes before every other.
 */
const serve = async (
  event: APIGatewayProxyEventV2,
  found: Found,
  dependencies: Dependencies,
): Promise<Answer> => {
  if (found.route.role === 'public') return found.run(checkedCall(event, found));
  const principal = await dependencies.authenticate(header(event, 'authorization'));
  const granted = demandGrant(principal, found, dependencies.table);
  if (!found.eager) await granted;
  const work = perform(event, found, { principal, granted }, dependencies.table);
  await Promise.allSettled([granted, work]);
  await granted;
  return work;
};

/** Throws 404 to a stranger of the workspace and 403 to who may not. */
const demandGrant = async (principal: Principal, { route, params }: Found, table: Table): Promise<void> => {
  const { workspaceId } = params;
  const role =
    workspaceId === undefined ? undefined : await roleIn(principal, workspaceId, workspaceStore(table));
  demandAccess(principal, role, { route, params });
};

const perform = async (
  event: APIGatewayProxyEventV2,
  found: Found,
  known: { principal: Principal; granted: Promise<void> },
  table: Table,
): Promise<Answer> => {
  const { workspaceId } = found.params;
  // A text that could be no workspace's id has no members: whoever waits for the grant is told.
  if (workspaceId !== undefined && !isWorkspaceId(workspaceId)) await known.granted;
  const scope = workspaceId === undefined ? {} : { scope: scopeTo(workspaceId) };
  return once(found, { ...checkedCall(event, found), ...known, ...scope }, table);
};

/**
 * Runs a POST at most once for its idempotency key; two at the same moment meet at the row's guard. The answer of an
 * operation that is harmless to repeat, and so does not remember it by itself, is remembered here.
 */
const once = async (
  found: Found,
  call: UntypedCall & { principal: Principal },
  table: Table,
): Promise<Answer> => {
  const { principal, scope, path, body, idempotencyKey: key } = call;
  if (key === undefined) return found.run({ ...call, remember: () => [] });
  const kept = idempotency(table, { key, principal, scope, path, body, status: found.route.status });
  const earlier = await kept.earlier();
  if (earlier !== undefined) return earlier;
  let isRemembered = false;
  const remember: typeof kept.remember = (...answer) => {
    isRemembered = true;
    return kept.remember(...answer);
  };
  try {
    const answer = await found.run({ ...call, remember });
    if (!isRemembered) await table.write(kept.remember(answer));
    return answer;
  } catch (error) {
    const meanwhile = await kept.earlier();
    if (meanwhile === undefined) throw error;
    return meanwhile;
  }
};
