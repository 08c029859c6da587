import type { ResourceVersionStored } from '../../../../shared/contracts/entities/resource.ts';
import type { FieldError } from '../../../../shared/contracts/problem.ts';
import { stateOf, withAvailable } from '../../../../shared/domain/resource/versions.ts';
import type { Principal } from '../../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../../shared/runtime/api/operation.ts';
import { etagOf } from '../../../../shared/runtime/api/precondition.ts';
import { ApiProblem, brokenRules, notFound } from '../../../../shared/runtime/api/problem.ts';
import { lostEntity } from '../../../../shared/runtime/entities/change.ts';
import type { Creation } from '../../../../shared/runtime/entities/create.ts';
import { now } from '../../../../shared/runtime/ids.ts';
import type { StoredEntity } from '../../../../shared/store/entity-store.ts';
import { contended } from '../../../../shared/store/retry.ts';
import { presentResource } from '../entities/resource.ts';
import { nextRow, type ResourceContext, readResource, writeVersions } from './resource-context.ts';

type Completion = {
  params: { id: string };
  body: { version?: number | undefined };
  principal: Principal;
  remember: Creation<unknown>['remember'];
};
type Found = Awaited<ReturnType<ResourceContext['files']['inspect']>>;

const answerOf = (row: StoredEntity): Answer => ({
  headers: { etag: etagOf(row.rev) },
  body: presentResource(row),
});

/**
 * Makes an uploaded version usable. Doing it twice, or two at once, answers the same. Throws 404 for a version that
 * there is not, 409 for one whose day is over, 422 when what was announced is not what lies there.
 */
export const completeResource = (context: ResourceContext, call: Completion): Promise<Answer> =>
  contended(() => completeOnce(context, call), lostEntity);

const completeOnce = async (context: ResourceContext, call: Completion): Promise<Answer> => {
  const read = await readResource(context, call.params.id);
  const number = call.body.version ?? read.stored.lastVersion;
  const version = read.stored.versions.find((one) => one.version === number);
  if (version === undefined) throw notFound('version');
  const time = now();
  const state = stateOf(version, time);
  if (state === 'available') return answerOf(read.row);
  if (state === 'expired')
    throw new ApiProblem('upload-expired', 'Announce the content again with POST …/versions.');
  const found = await verify(context, call.params.id, version);
  const completed = { availableAt: time, objectVersion: found?.objectVersion };
  const row = nextRow(read, withAvailable(read.stored, number, completed));
  const answer = answerOf(row);
  const deed = {
    principal: call.principal,
    version: { ...version, ...completed },
    more: call.remember(answer),
  };
  await writeVersions(context, read, row, deed);
  return answer;
};

/**
 * Compares what S3 measured with what was announced. The tag by which unfinished uploads are removed goes before the
 * row says that the bytes are there: a crash in between must not leave a row without bytes.
 */
const verify = async (
  { files, scope }: ResourceContext,
  resourceId: string,
  version: ResourceVersionStored,
): Promise<Found> => {
  const place = { resourceId, version: version.version };
  const found = await files.inspect(scope, place);
  const errors = differences(version, found);
  if (errors.length > 0) {
    if (found !== undefined) await files.discard(scope, place);
    throw brokenRules(errors, 'upload-differs');
  }
  await files.keep(scope, place, found?.objectVersion);
  return found;
};

const differences = (announced: ResourceVersionStored, found: Found): FieldError[] => {
  if (found === undefined) {
    const detail = `nothing was uploaded, ${announced.sizeBytes} bytes were announced`;
    return [{ pointer: '/sizeBytes', code: 'nothing-uploaded', detail }];
  }
  return (['sizeBytes', 'sha256'] as const)
    .filter((field) => found[field] !== announced[field])
    .map((field) => ({
      pointer: `/${field}`,
      code: 'differs',
      detail: `${announced[field]} was announced, ${found[field] ?? 'none'} was uploaded`,
    }));
};
