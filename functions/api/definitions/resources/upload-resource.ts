import {
  MAX_RESOURCE_VERSIONS,
  type ResourceInput,
  type ResourceVersionInput,
  resourceStored,
  type Upload,
} from '../../../../shared/contracts/entities/resource.ts';
import { shownVersion, withNewVersion } from '../../../../shared/domain/resource/versions.ts';
import type { Principal } from '../../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../../shared/runtime/api/operation.ts';
import { etagOf } from '../../../../shared/runtime/api/precondition.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';
import { lostEntity } from '../../../../shared/runtime/entities/change.ts';
import { type Creation, createEntity } from '../../../../shared/runtime/entities/create.ts';
import { now } from '../../../../shared/runtime/ids.ts';
import { contended } from '../../../../shared/store/retry.ts';
import type { Item } from '../../../../shared/store/table.ts';
import { presentResource, resource } from '../entities/resource.ts';
import { nextRow, type ResourceContext, readResource, writeVersions } from './resource-context.ts';

/**
 * The answer with the way to send the newest version. It is kept for an idempotency key like any other: the link can
 * put nothing but the announced bytes, once, and is of no use an hour later.
 */
const withUpload = (row: Item, upload: Upload) => ({ ...presentResource(row), upload });

const uploadOf = (context: ResourceContext, row: Item): Promise<Upload> => {
  const { id, versions } = resourceStored.parse(row);
  const newest = versions.at(-1) ?? shownVersion(versions);
  return context.files.upload(context.scope, { resourceId: id, version: newest.version }, newest);
};

/** Creates a resource with its first version, to be uploaded. */
export const createResource = (context: ResourceContext, call: Creation<ResourceInput>): Promise<Answer> =>
  createEntity(resource, context, call, async (row, answer) => ({
    ...answer,
    body: withUpload(row, await uploadOf(context, row)),
  }));

type Addition = Pick<Creation<ResourceVersionInput>, 'body' | 'path' | 'remember'> & {
  params: { id: string };
  principal: Principal;
};

/** Announces new content. What is available stays so. Throws 409 when there are as many versions as there may be. */
export const addResourceVersion = (context: ResourceContext, call: Addition): Promise<Answer> =>
  contended(() => addOnce(context, call), lostEntity);

const addOnce = async (context: ResourceContext, call: Addition): Promise<Answer> => {
  const read = await readResource(context, call.params.id);
  const fileName = call.body.fileName ?? shownVersion(read.stored.versions).fileName;
  const by = { createdAt: now(), createdBy: call.principal.id };
  const next = withNewVersion(read.stored, { ...call.body, fileName }, by);
  if (next === undefined)
    throw new ApiProblem('limit-reached', `A resource has ${MAX_RESOURCE_VERSIONS} versions at most.`);
  const row = nextRow(read, next.resource);
  const answer: Answer = {
    headers: { location: call.path.replace(/\/versions$/, ''), etag: etagOf(row.rev) },
    body: withUpload(row, await uploadOf(context, row)),
  };
  const deed = { principal: call.principal, version: next.added, more: call.remember(answer) };
  await writeVersions(context, read, row, deed);
  return answer;
};
