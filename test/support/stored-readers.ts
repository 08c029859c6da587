import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { apiToken } from '../../functions/api/access/api-tokens.ts';
import { builderConfiguration } from '../../functions/api/definitions/entities/builder-configuration.ts';
import { connection } from '../../functions/api/definitions/entities/connection.ts';
import { connector } from '../../functions/api/definitions/entities/connector.ts';
import { imageDefinition } from '../../functions/api/definitions/entities/image-definition.ts';
import { operatingSystem } from '../../functions/api/definitions/entities/operating-system.ts';
import { provisioner } from '../../functions/api/definitions/entities/provisioner.ts';
import { provisionerGroup } from '../../functions/api/definitions/entities/provisioner-group.ts';
import { provisionerRole } from '../../functions/api/definitions/entities/provisioner-role.ts';
import { resource } from '../../functions/api/definitions/entities/resource.ts';
import { schedule } from '../../functions/api/definitions/entities/schedule.ts';
import { idempotency } from '../../shared/runtime/api/idempotency.ts';
import type { EntityModule } from '../../shared/runtime/entities/module.ts';
import { readEntity } from '../../shared/runtime/entities/read.ts';
import { apiTokenStore } from '../../shared/store/api-token-store.ts';
import { auditStore } from '../../shared/store/audit-store.ts';
import { connectorStore } from '../../shared/store/connector-store.ts';
import { readCursorKey } from '../../shared/store/cursor-key.ts';
import { entityStore } from '../../shared/store/entity-store.ts';
import { firingStore } from '../../shared/store/firing-store.ts';
import { imageVersionStore } from '../../shared/store/image-version-store.ts';
import { leftoverStore } from '../../shared/store/leftover-store.ts';
import { logStore } from '../../shared/store/log-store.ts';
import { memberStore } from '../../shared/store/member-store.ts';
import { knownPools, queueStore } from '../../shared/store/queue-store.ts';
import { removalStore } from '../../shared/store/removal-store.ts';
import { runFiles } from '../../shared/store/run-files.ts';
import { runRemoval } from '../../shared/store/run-removal.ts';
import { runStore } from '../../shared/store/run-store.ts';
import { shareStore } from '../../shared/store/share-store.ts';
import { socketStore } from '../../shared/store/socket-store.ts';
import type { Item } from '../../shared/store/table.ts';
import { sweepStore } from '../../shared/store/sweep-store.ts';
import { tagStore } from '../../shared/store/tag-store.ts';
import type { StoredKind } from '../../shared/store/upgrade.ts';
import { workspaceStore } from '../../shared/store/workspace-store.ts';
import { queuedRun } from './builders.ts';
import { scope } from './engine.ts';
import type { MemoryTable } from './memory-table.ts';

/** One table that holds the rows of a sample, the first of which is to be read. */
type Sample = { table: MemoryTable; row: Item };
type Reader = (sample: Sample) => Promise<unknown>;

const text = (row: Item, name: string): string => z.string().parse(row[name]);
const placeOf = ({ row }: Sample) => ({ pk: text(row, 'pk'), sk: text(row, 'sk') });
const shape = z.object({ body: z.unknown() });
const entity =
  (module: Omit<EntityModule, 'input' | 'references'>): Reader =>
  async ({ table, row }) => {
    const secrets = { seal: () => Promise.reject(new Error('nothing is written')) };
    return shape.parse(await readEntity(module, { table, scope, secrets }, text(row, 'id'))).body;
  };
const tokenByDigest: Reader = ({ table, row }) =>
  apiTokenStore(table).bySha256(text(row, 'pk').slice('TOKEN#'.length));
/** Only that it is there counts, or nobody reads it yet. */
const asItLies: Reader = (sample) => sample.table.get(placeOf(sample));
const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

const principal = { kind: 'user' as const, id: 'user-1', name: 'ada' };
const remembered = { key: 'key-1', principal, scope, path: '/v1/tokens', body: {}, status: 201 };

/** A bucket that holds one document. */
const bucketOf = (document: Item): S3Client => {
  const client = new S3Client({ region: 'us-east-1' });
  client.middlewareStack.add(
    () => async () => ({
      response: {},
      output: { $metadata: {}, Body: { transformToString: async () => JSON.stringify(document) } },
    }),
    { step: 'initialize' },
  );
  return client;
};

/** Reads a stored item of each kind the way Goldsmith does. */
export const storedReaders: Record<StoredKind, Reader> = {
  workspace: ({ table }) => workspaceStore(table).get(scope),
  removal: ({ table }) => removalStore(table).get(scope),
  member: ({ table, row }) => memberStore(table, scope).get(text(row, 'userId')),
  // Once both rows of a token said that they are one.
  'api-token': (sample) => (sample.row['sk'] === 'META' ? tokenByDigest(sample) : entity(apiToken)(sample)),
  'api-token-digest': (sample) => tokenByDigest(sample),
  connection: entity(connection),
  'operating-system': entity(operatingSystem),
  'builder-configuration': entity(builderConfiguration),
  resource: entity(resource),
  provisioner: entity(provisioner),
  'provisioner-group': entity(provisionerGroup),
  'provisioner-role': entity(provisionerRole),
  'image-definition': entity(imageDefinition),
  connector: entity(connector),
  agent: ({ table, row }) => connectorStore(table, scope).agentsOf([text(row, 'connectorId')]),
  'open-code': ({ table, row }) =>
    connectorStore(table, scope).closeCodes(text(row, 'sk').split('#')[1] ?? ''),
  'registration-code': asItLies,
  schedule: entity(schedule),
  firing: ({ table, row }) => firingStore(table, scope).list(text(row, 'scheduleId'), { limit: 1 }),
  tags: async ({ table }) => (await all(tagStore(table, scope).pages())).flat(),
  name: asItLies,
  users: ({ table, row }) =>
    entityStore(table, scope).users('connection', text(row, 'sk').split('#')[2] ?? ''),
  'audit-event': ({ table }) => auditStore(table, scope).list({ before: undefined, limit: 1 }),
  idempotency: ({ table }) => idempotency(table, remembered).earlier(),
  'cursor-key': async ({ table }) => (await readCursorKey(table)).toString('base64'),
  'known-pools': ({ table }) => knownPools(table).remember([]),
  run: ({ table, row }) => runStore(table, scope).get(text(row, 'id')),
  'deleted-run': ({ table, row }) => runRemoval(table, scope).deleted(text(row, 'id')),
  counter: async ({ table, row }) => {
    const { number: _, ...run } = queuedRun();
    await table.write([
      { put: { ...placeOf({ table, row }), ...row, row: 'counter' } },
      { put: { pk: text(row, 'pk'), sk: `ENTITY#image-definition#${run.imageDefinitionId}`, row: 'name' } },
    ]);
    return (await runStore(table, scope).create({ run }, () => [])).number;
  },
  queue: ({ table }) => queueStore(table, 'default').waiting(),
  active: ({ table }) => runStore(table, scope).listActive(),
  latest: ({ table, row }) => runStore(table, scope).latest(text(row, 'sk').slice('LATEST#'.length)),
  'run-pointer': ({ table, row }) =>
    runStore(table, scope).listOfDefinition(text(row, 'pk').split('#')[3] ?? '', { limit: 1 }),
  'cool-down': ({ table, row }) => queueStore(table, text(row, 'pk').slice('POOL#'.length)).room(),
  slot: async ({ table }) =>
    Object.fromEntries(await queueStore(table, 'default').takenOfWorkspaces([scope.workspaceId])),
  lease: asItLies,
  'image-version': ({ table, row }) => imageVersionStore(table, scope).get(text(row, 'id')),
  'image-version-pointer': ({ table, row }) =>
    imageVersionStore(table, scope).listOfDefinition(text(row, 'pk').split('#')[3] ?? '', { limit: 1 }),
  share: ({ table, row }) => shareStore(table, scope).list(text(row, 'imageVersionId')),
  leftover: ({ table, row }) => leftoverStore(table, scope).list(text(row, 'runId')),
  sweep: ({ table, row }) => sweepStore(table).get(scope, text(row, 'connectionId')),
  'log-head': ({ table, row }) => logStore(table, scope, text(row, 'pk').split('#')[3] ?? '').head(),
  'log-chunk': ({ table, row }) =>
    all(
      logStore(table, scope, text(row, 'pk').split('#')[3] ?? '').read({
        afterSeq: 0,
        beforeSeq: Infinity,
        newestFirst: false,
      }),
    ),
  'socket-ticket': ({ table }) => socketStore(table).connect('a ticket', 'connection-2'),
  'socket-connection': ({ table }) => socketStore(table).ownerOf('connection-1'),
  'workspace-connection': ({ table }) => socketStore(table).disconnectAll(scope),
  'socket-subscriber': ({ table }) => socketStore(table).runSubscribers(scope),
  /** What a connection that goes takes along. */
  'socket-topic': async ({ table }) => {
    const before = table.rows.size;
    await socketStore(table).disconnect('connection-1');
    return { before, after: table.rows.size };
  },
  snapshot: ({ row }) => runFiles('bucket', bucketOf(row)).getSnapshot(scope, 'digest'),
};
