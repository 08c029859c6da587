import { lookUpImage } from '../../../shared/actions/look-up-image.ts';
import { LATE, within } from '../../../shared/actions/within.ts';
import type { ImageVersion } from '../../../shared/contracts/entities/image-version.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { notFound } from '../../../shared/runtime/api/problem.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { imageVersionStore } from '../../../shared/store/image-version-store.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { connectionOf, type Sharer } from './share-target.ts';

export type LatestReader = Pick<Sharer, 'core' | 'files' | 'reach'> & {
  /** For all looks at the platform together. */
  lookLimitMs: number;
};

type Call = { scope: WorkspaceScope; params: { imageDefinitionId: string } };

/**
 * The newest image version of a definition that can be used and is still there (S116): the platform is asked, and what
 * is gone is on record as `missing` from then on. Where it cannot be asked, or not in time, the record answers.
 */
export const readLatestImageVersion = async (reader: LatestReader, call: Call): Promise<Answer> => {
  const found = await within(reader.lookLimitMs, newestThere(reader, call));
  const latest = found === LATE ? await newestOnRecord(reader, call) : found;
  if (latest === undefined) throw notFound('image version');
  return { body: latest };
};

const newestOnRecord = ({ core }: LatestReader, { scope, params }: Call): Promise<ImageVersion | undefined> =>
  imageVersionStore(core, scope).latestUsable(params.imageDefinitionId);

/** Looks up the newest one, and the one before it when it is gone, until one is there or nobody can tell. */
const newestThere = async (reader: LatestReader, call: Call): Promise<ImageVersion | undefined> => {
  const newest = await newestOnRecord(reader, call);
  if (newest === undefined || !(await isGone(reader, call.scope, newest))) return newest;
  return newestThere(reader, call);
};

const isGone = async (
  { core, files, reach }: LatestReader,
  scope: WorkspaceScope,
  version: ImageVersion,
): Promise<boolean> => {
  try {
    const connection = await connectionOf({ core, files }, scope, version);
    const client = connection === undefined ? undefined : await reach.open(scope, connection);
    if (client === undefined) return false;
    return (await lookUpImage({ core, inventory: client.inventory }, scope, version)) === 'missing';
  } catch (error) {
    // Somebody else looked at the same moment: what is on record by now may be another one.
    if (error instanceof WriteRefused) return true;
    logger.info('the newest image could not be looked up', { imageVersionId: version.id, error });
    return false;
  }
};
