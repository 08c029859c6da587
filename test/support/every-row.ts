import { apiToken, createApiToken } from '../../functions/api/access/api-tokens.ts';
import { createRegistrationCode } from '../../functions/api/definitions/registration-codes.ts';
import { idempotency } from '../../shared/runtime/api/idempotency.ts';
import { newId } from '../../shared/runtime/ids.ts';
import { readCursorKey } from '../../shared/store/cursor-key.ts';
import { recordImageVersion } from '../../shared/store/image-version-store.ts';
import { recordLeftovers } from '../../shared/store/leftover-store.ts';
import { logStore } from '../../shared/store/log-store.ts';
import { knownPools, restPool, takeSlots } from '../../shared/store/queue-store.ts';
import { runRemoval } from '../../shared/store/run-removal.ts';
import { runStore } from '../../shared/store/run-store.ts';
import { shareStore } from '../../shared/store/share-store.ts';
import { socketStore } from '../../shared/store/socket-store.ts';
import { sweepStore } from '../../shared/store/sweep-store.ts';
import type { Table } from '../../shared/store/table.ts';
import type { WorkspaceScope } from '../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../shared/store/workspace-store.ts';
import { at, logLines, queuedRun } from './builders.ts';
import { oneOfEachKind, openDefinitionsApi } from './definitions-api.ts';

type Tables = { core: Table; traffic: Table };
const principal = { kind: 'user' as const, id: 'user-1', name: 'ada' };
const secrets = { seal: () => Promise.reject(new Error('nothing here is sealed')) };

/**
 * Does everything that puts a row, so that each kind of row that Goldsmith writes lies in the tables. Answers the
 * workspace that most of them are of.
 */
export const writeEveryRow = async (tables: Tables): Promise<WorkspaceScope> => {
  const api = await openDefinitionsApi(tables.core);
  const made = await oneOfEachKind(api);
  const idOf = (path: string) => made.get(path)?.id ?? '';
  await makeAccess(tables.core, api.scope, idOf('/connectors'));
  await makeRuns(tables, api.scope, idOf('/image-definitions'));
  await listen(tables.traffic, api.scope);
  await readCursorKey(tables.core);
  const sweep = { connectionId: idOf('/connections'), regions: ['eu-west-1'], dueAt: at(3) };
  await sweepStore(tables.core).plan(api.scope, sweep);
  await knownPools(tables.core).remember(['cloud']);
  await tables.core.write([restPool('cloud', { until: at(30) })]);
  const removed = await openDefinitionsApi(tables.core);
  const workspace = await workspaceStore(tables.core).get(removed.scope);
  if (workspace !== undefined) await workspaceStore(tables.core).remove(workspace, at(1), at(2));
  return api.scope;
};

/** A token, a registration code and an answer that is remembered. */
const makeAccess = async (core: Table, scope: WorkspaceScope, connectorId: string): Promise<void> => {
  const context = { table: core, scope, secrets };
  const request = { key: 'key-1', principal, scope, path: '/v1/tokens', body: {}, status: 201 };
  const { remember } = idempotency(core, request);
  await core.write(remember({ status: 201, headers: { etag: '"1"' }, body: { id: 'tok_1' } }));
  const body = apiToken.input.parse({ name: 'robot', role: 'viewer', expiresAt: '2099-01-01T00:00:00Z' });
  await createApiToken(context, { body, principal, path: '/v1/tokens', remember: () => [] });
  await createRegistrationCode(context, { params: { id: connectorId }, principal, remember: () => [] });
};

/** One run that waits, one that runs and has made an image, one that failed and was deleted. */
const makeRuns = async ({ core, traffic }: Tables, scope: WorkspaceScope, imageDefinitionId: string) => {
  const runs = runStore(core, scope);
  const make = () => {
    const { number: _, ...run } = queuedRun({
      id: newId('run'),
      workspaceId: scope.workspaceId,
      imageDefinitionId,
    });
    return runs.create({ run }, () => []);
  };
  await make();
  const running = await make();
  await core.write(takeSlots(running, { workspace: 1, pool: 1 }));
  const version = versionOf(running.id, imageDefinitionId);
  await core.write(recordImageVersion(scope, version));
  await shareStore(core, scope).begin({
    id: newId('share'),
    imageVersionId: version.id,
    region: 'eu-west-1',
    principal: { type: 'account', id: '210987654321' },
    createdAt: at(8),
    createdBy: 'user-1',
  });
  await logStore(traffic, scope, running.id).append(logLines(1, 2));
  await logStore(traffic, scope, newId('run')).close();
  const failed = await runs.change(await make(), { status: 'Failed', phase: 'finished', endedAt: at(9) });
  const leftover = { id: newId('leftover'), kind: 'ec2-volume', locator: 'vol-1', createdAt: at(8) };
  const leftovers = [{ ...leftover, state: 'deleting' as const }];
  await core.write(recordLeftovers(scope, failed.id, leftovers));
  await runRemoval(core, scope).remove({ run: failed, leftovers, cleanUp: true, more: [] });
};

const versionOf = (runId: string, imageDefinitionId: string) => ({
  id: newId('image-version'),
  number: 2,
  name: 'Web-Base-v2',
  imageDefinitionId,
  runId,
  state: 'available' as const,
  locators: [],
  toolchain: { packer: '1.16.0', runner: '0.1.0' },
  createdAt: at(7),
});

/** A connection that listens to runs, and a ticket that nobody has used yet. */
const listen = async (traffic: Table, scope: WorkspaceScope): Promise<void> => {
  const sockets = socketStore(traffic);
  const owner = { workspaceId: scope.workspaceId, principalId: 'user-1' };
  for (const ticket of ['a used ticket', 'a ticket']) await sockets.putTicket(ticket, owner, 60);
  await sockets.connect('a used ticket', 'connection-1');
  await sockets.subscribeToRuns(scope, 'connection-1');
};
