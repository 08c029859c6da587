/** Fills the workspace over the HTTP API, as any client would. What is there already, by its name, stays as it is. */
import { z } from 'zod';
import type { Report } from '../terminal/stage-printer.ts';
import type { ApiClient } from './api-client.ts';
import * as samples from './samples.ts';

const entitySchema = z.looseObject({ id: z.string(), name: z.string() });
const pageSchema = z.looseObject({ items: z.array(entitySchema), nextCursor: z.string().optional() });

/** What the rest of `npm start` needs of it. */
export interface Seeded {
  workspaceId: string;
  /** Of `QuickStart`. */
  imageDefinitionId: string;
}

/**
 * Makes the workspace and all that `QuickStart` needs.
 * @param subnetId where build VMs are started
 * @throws ApiError when the API refuses something
 */
export async function seed(api: ApiClient, subnetId: string, report: Report): Promise<Seeded> {
  const workspaceId = await ensure(api, '/v1/workspaces', samples.workspace, report);
  const base = `/v1/workspaces/${workspaceId}`;
  const make = (kind: string, body: { name: string }) => ensure(api, `${base}/${kind}`, body, report);

  const connectionId = await make('connections', samples.connection);
  const operatingSystemId = await make('operating-systems', samples.operatingSystem);
  const builderId = await make(
    'builder-configurations',
    samples.builderConfiguration(connectionId, subnetId),
  );
  const provisionerIds = [];
  for (const provisioner of samples.provisioners)
    provisionerIds.push(await make('provisioners', provisioner));
  const groupId = await make('provisioner-groups', samples.provisionerGroup(provisionerIds));
  const roleId = await make('provisioner-roles', samples.provisionerRole(groupId));
  const definition = samples.imageDefinition(operatingSystemId, builderId, roleId);
  return { workspaceId, imageDefinitionId: await make('image-definitions', definition) };
}

/** Id of the entity with the body's name; made when there is none. */
async function ensure(api: ApiClient, path: string, body: { name: string }, report: Report): Promise<string> {
  report(body.name);
  const found = await findByName(api, path, body.name);
  return found ?? (await api.post(path, body, entitySchema)).id;
}

async function findByName(api: ApiClient, path: string, name: string): Promise<string | undefined> {
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ name, limit: '200', ...(cursor !== undefined && { cursor }) });
    const page = await api.get(`${path}?${query.toString()}`, pageSchema);
    const found = page.items.find((item) => item.name === name);
    if (found !== undefined) return found.id;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return undefined;
}
