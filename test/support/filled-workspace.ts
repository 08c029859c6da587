import { requestStop } from '../../shared/actions/request-stop.ts';
import type { Member } from '../../shared/contracts/entities/workspace.ts';
import { sha256 } from '../../shared/domain/sha256.ts';
import { newId, newSecret, now } from '../../shared/runtime/ids.ts';
import { admitToken } from '../../shared/store/api-token-store.ts';
import { entityStore } from '../../shared/store/entity-store.ts';
import { recordImageVersion } from '../../shared/store/image-version-store.ts';
import { globalKeys, idempotencyKeyOf, keys, trafficKeys } from '../../shared/store/keys.ts';
import { recordLeftovers } from '../../shared/store/leftover-store.ts';
import { logStore } from '../../shared/store/log-store.ts';
import { putMember } from '../../shared/store/member-store.ts';
import { runStore } from '../../shared/store/run-store.ts';
import { socketStore } from '../../shared/store/socket-store.ts';
import type { Table } from '../../shared/store/table.ts';
import { scopeTo, type WorkspaceScope } from '../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../shared/store/workspace-store.ts';
import { at, base, logLines, queuedRun } from './builders.ts';

/** How many of each a workspace holds. */
export type Filling = { members: number; tokens: number; definitions: number; runs: number; codes: number };
export const someOfAll: Filling = { members: 2, tokens: 2, definitions: 2, runs: 2, codes: 1 };

export type Tables = { core: Table; traffic: Table };

/** A workspace with something of everything that lies outside of its own partition, and its id in all of it. */
export const fillWorkspace = async (tables: Tables, filling: Filling): Promise<WorkspaceScope> => {
  const id = newId('workspace');
  const scope = scopeTo(id);
  const workspace = { ...base(id, 'Full'), maxConcurrentRuns: 3 };
  await workspaceStore(tables.core).create(workspace, { id: `owner-${id}` }, []);
  for (let n = 0; n < filling.members; n += 1) await addMember(tables.core, scope, n);
  for (let n = 0; n < filling.tokens; n += 1) await addToken(tables.core, scope, n);
  for (let n = 0; n < filling.codes; n += 1) await addCode(tables.core, scope, n);
  for (let n = 0; n < filling.definitions; n += 1) await addDefinition(tables, scope, n, filling.runs);
  await connect(tables.traffic, scope);
  const { pk, sk } = idempotencyKeyOf(scope, 'user-1', 'digest');
  await tables.core.write([{ put: { pk, sk, row: 'idempotency' } }]);
  return scope;
};

/** Somebody listens to the runs. */
const connect = async (traffic: Table, scope: WorkspaceScope): Promise<void> => {
  const sockets = socketStore(traffic);
  const connectionId = `connection of ${scope.workspaceId}`;
  const ticket = newSecret();
  await sockets.putTicket(ticket, { workspaceId: scope.workspaceId, principalId: 'user-0' }, 60);
  await sockets.connect(ticket, connectionId);
  await sockets.subscribeToRuns(scope, connectionId);
};

const addMember = async (core: Table, scope: WorkspaceScope, n: number): Promise<void> => {
  const member: Member = {
    userId: `user-${n}`,
    role: 'viewer',
    createdAt: at(n),
    createdBy: 'user-1',
    updatedAt: at(n),
    rev: 1,
  };
  await core.write(putMember(scope, member));
};

const addToken = async (core: Table, scope: WorkspaceScope, n: number): Promise<void> => {
  const secretSha256 = sha256(`${scope.workspaceId} ${n}`);
  const token = { ...base(newId('api-token'), `robot ${n}`), role: 'viewer' as const, expiresAt: at(9) };
  const row = { ...token, secretSha256 };
  await entityStore(core, scope).create('api-token', row, [], [admitToken(scope, token, secretSha256)]);
};

/** Rows as the store of connectors writes them, without a connector. */
const addCode = async (core: Table, scope: WorkspaceScope, n: number): Promise<void> => {
  const codeSha256 = sha256(`code of ${scope.workspaceId} ${n}`);
  await core.write([
    { put: { ...keys.openCode(scope, 'cnr_1', n), row: 'open-code', codeSha256 } },
    {
      put: {
        ...globalKeys.registrationCode(codeSha256),
        row: 'registration-code',
        workspaceId: scope.workspaceId,
      },
    },
  ]);
};

/** A definition with finished runs, each with log, listener, image version and leftover. */
const addDefinition = async (
  { core, traffic }: Tables,
  scope: WorkspaceScope,
  n: number,
  runs: number,
): Promise<void> => {
  const definitionId = newId('image-definition');
  const row = { ...base(definitionId, `Web-${n}`), tags: { team: 'web' } };
  await entityStore(core, scope).create('image-definition', row, [], []);
  for (let of = 0; of < runs; of += 1) {
    const runId = await addRun(core, scope, definitionId);
    await requestStop({ core, now }, scope, { runId, by: 'user-1' });
    await logStore(traffic, scope, runId).append(logLines(1, 3));
    await traffic.write([
      { put: { ...trafficKeys.logSubscriber(scope, runId, 'connection'), row: 'socket-subscriber' } },
    ]);
    const leftover = { id: newId('leftover'), kind: 'ec2-volume', locator: 'x', createdAt: at(0) };
    await core.write([
      ...recordLeftovers(scope, runId, [{ ...leftover, state: 'kept' as const }]),
      ...recordImageVersion(scope, versionOf(definitionId, runId, of + 1)),
    ]);
  }
  // Runs outlive their definition.
  if (n % 2 === 1) await entityStore(core, scope).remove('image-definition', row, []);
};

/** A queued run, as it is accepted; answers its id. */
export const addRun = async (core: Table, scope: WorkspaceScope, definitionId: string): Promise<string> => {
  const id = newId('run');
  const { number: _, ...run } = queuedRun({
    id,
    workspaceId: scope.workspaceId,
    imageDefinitionId: definitionId,
  });
  await runStore(core, scope).create({ run }, () => []);
  return id;
};

const versionOf = (imageDefinitionId: string, runId: string, number: number) => ({
  id: newId('image-version'),
  number,
  name: `Web-v${number}`,
  imageDefinitionId,
  runId,
  state: 'available' as const,
  locators: [],
  toolchain: {},
  createdAt: at(0),
});
