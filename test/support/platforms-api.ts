import type { PlatformParts } from '../../functions/api/platforms/operations.ts';
import { platformOperations } from '../../functions/api/platforms/operations.ts';
import type { JobBundle } from '../../shared/contracts/bundle.ts';
import type { RunSnapshot } from '../../shared/contracts/snapshot.ts';
import type { AccountClient, PlatformClient } from '../../shared/platforms/platform.ts';
import { apiHandler } from '../../shared/runtime/api/api-handler.ts';
import type { RunFiles } from '../../shared/store/run-files.ts';
import { builderBody, definitionBody, groupBody, operatingSystemBody, roleBody } from './bodies.ts';
import { roleConnectionBody, shellBody } from './bodies.ts';
import { callApi, type Sent } from './call-api.ts';
import { openDefinitionsApi } from './definitions-api.ts';
import { fakePreflight } from './fake-platform.ts';
import { memorySecretBox } from './memory-secrets.ts';

const demand = <T>(found: T | undefined): T => {
  if (found === undefined) throw new Error('NoSuchKey');
  return found;
};

/** Snapshots and bundles of runs in memory. */
export const memoryRunFiles = () => {
  const snapshots = new Map<string, RunSnapshot>();
  const bundles = new Map<string, JobBundle>();
  const files: RunFiles = {
    putSnapshot: async (_, snapshot) => {
      snapshots.set(snapshot.definition.id, snapshot);
      return snapshot.definition.id;
    },
    getSnapshot: async (_, digest) => demand(snapshots.get(digest)),
    putBundle: async (_, runId, bundle) => {
      bundles.set(runId, bundle);
      return { key: runId, sha256: 'f'.repeat(64) };
    },
    getBundle: async (key) => demand(bundles.get(key)),
    removeBundle: async (key) => {
      bundles.delete(key);
    },
    bundleUrl: async (key) => `https://files.test/${key}`,
  };
  return { files, snapshots, bundles };
};

/**
 * The API of platforms beside that of definitions over one table in memory; the clients of platforms are fakes, `none`:
 * only a connector at the site reaches it.
 */
export const openPlatformsApi = async (
  client?: PlatformClient | 'none',
  account?: AccountClient | 'none',
) => {
  const { preflight, core, objects, resources } = fakePreflight(client, account);
  const definitions = await openDefinitionsApi(core);
  const runFiles = memoryRunFiles();
  const secrets = memorySecretBox();
  const parts: PlatformParts = {
    ...preflight,
    resources,
    files: runFiles.files,
    deploymentId: 'test',
    shareLimitMs: 10_000,
    lookLimitMs: 10_000,
    secrets,
  };
  const handler = apiHandler(platformOperations(parts), {
    table: core,
    authenticate: async () => ({ kind: 'user', id: 'user-1', name: 'ada' }),
  });
  const { scope, workspaceId, create } = definitions;
  const ask = (method: string, path: string, more: Partial<Sent> = {}) =>
    callApi(handler, { method, path: `/v1/workspaces/${workspaceId}${path}`, ...more });
  return { ask, create, definitions, parts, secrets, core, scope, workspaceId, objects, runFiles };
};
export type PlatformsApi = Awaited<ReturnType<typeof openPlatformsApi>>;

type Bodies = { connection?: object; system?: object; builder?: object; step?: object; definition?: object };

/** A definition with all its parts; a test changes the fields that it is about. */
export const addDefinition = async ({ create }: PlatformsApi, bodies: Bodies = {}) => {
  const connectionId = (await create('/connections', bodies.connection ?? roleConnectionBody())).id;
  const operatingSystemId = (await create('/operating-systems', operatingSystemBody(bodies.system))).id;
  const builder = bodies.builder ?? {};
  const builderConfigurationId = (await create('/builder-configurations', builderBody(connectionId, builder)))
    .id;
  const step = (await create('/provisioners', { ...shellBody({ secretEnvironment: {} }), ...bodies.step }))
    .id;
  const group = (await create('/provisioner-groups', groupBody([step]))).id;
  const provisionerRoleId = (await create('/provisioner-roles', roleBody([group]))).id;
  const parts = { operatingSystemId, builderConfigurationId, provisionerRoleId };
  const { platform: _, ...body } = definitionBody(parts, bodies.definition);
  const { id } = await create('/image-definitions', body);
  return { id, connectionId, ...parts };
};
