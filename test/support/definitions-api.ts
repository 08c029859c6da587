import * as z from 'zod';
import { definitionOperations } from '../../functions/api/definitions/operations.ts';
import { apiHandler } from '../../shared/runtime/api/api-handler.ts';
import type { EntityContext } from '../../shared/runtime/entities/module.ts';
import { newId } from '../../shared/runtime/ids.ts';
import type { Table } from '../../shared/store/table.ts';
import { scopeTo } from '../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../shared/store/workspace-store.ts';
import {
  builderBody,
  connectionBody,
  definitionBody,
  groupBody,
  operatingSystemBody,
  roleBody,
  scheduleBody,
  shellBody,
} from './bodies.ts';
import { base } from './builders.ts';
import { callApi, type Sent } from './call-api.ts';
import { memoryFiles } from './memory-files.ts';

/** A stand-in of the key: what it seals holds nothing of the secret. */
const sealer = {
  seal: async (place: { field: string }, value: string, updatedAt: string) => ({
    sealed: true as const,
    ciphertext: `sealed ${value.length} characters`,
    field: place.field,
    updatedAt,
  }),
};

const entitySchema = z.looseObject({ id: z.string(), rev: z.int() });

/** A fresh workspace and the whole definitions API over `table`, as its owner calls it. */
export const openDefinitionsApi = async (
  table: Table,
  secrets: EntityContext['secrets'] = sealer,
  identity = {},
) => {
  const scope = scopeTo(newId('workspace'));
  const { workspaceId } = scope;
  const workspace = { ...base(workspaceId, 'a workspace of a test'), maxConcurrentRuns: 5 };
  await workspaceStore(table).create(workspace, { id: 'user-1' }, []);
  const operations = definitionOperations({
    table,
    secrets,
    files: memoryFiles().files,
    poolIds: ['cloud'],
    trust: {
      principalArn: 'arn:aws:iam::111122223333:root',
      rolePattern: 'arn:aws:iam::111122223333:role/goldsmith-test-app*',
      issuer: 'https://issuer.example',
      subject: 'arn:aws:iam::111122223333:role/goldsmith-test-identity',
      ...identity,
    },
  });
  const handler = apiHandler(operations, {
    table,
    authenticate: async () => ({ kind: 'user', id: 'user-1', name: 'ada' }),
  });
  const ask = (method: string, path: string, more: Partial<Sent> = {}) =>
    callApi(handler, { method, path: `/v1/workspaces/${workspaceId}${path}`, ...more });
  /** Creates and answers what was made; throws with the problem when it is refused. */
  const create = async (path: string, body: object) => {
    const answer = await ask('POST', path, { body });
    if (answer.status !== 201) throw new Error(`POST ${path}: ${JSON.stringify(answer.body)}`);
    return entitySchema.parse(answer.body);
  };
  return { ask, create, handler, scope, workspaceId };
};
export type DefinitionsApi = Awaited<ReturnType<typeof openDefinitionsApi>>;

/** One entity of every kind: the body that was sent and the id of what was made, by path. */
export const oneOfEachKind = async (api: DefinitionsApi) => {
  const made = new Map<string, { id: string; body: object }>();
  const add = async (path: string, body: object): Promise<string> => {
    const { id } = await api.create(path, body);
    made.set(path, { id, body });
    return id;
  };
  const connectionId = await add('/connections', connectionBody());
  const operatingSystemId = await add('/operating-systems', operatingSystemBody());
  const builderConfigurationId = await add('/builder-configurations', builderBody(connectionId));
  const provisionerId = await add('/provisioners', shellBody());
  const groupId = await add('/provisioner-groups', groupBody([provisionerId]));
  const provisionerRoleId = await add('/provisioner-roles', roleBody([groupId]));
  const parts = { operatingSystemId, builderConfigurationId, provisionerRoleId };
  const definitionId = await add('/image-definitions', definitionBody(parts));
  await add('/schedules', scheduleBody({ imageDefinitionIds: [definitionId] }));
  await add('/connectors', { name: 'site', maxConcurrentRuns: 2 });
  await add('/resources', {
    name: 'installer',
    fileName: 'setup.sh',
    sizeBytes: 5,
    sha256: 'a'.repeat(64),
  });
  return made;
};
