import type { Engine } from '../../../shared/actions/engine.ts';
import type { ResourceFiles } from '../../../shared/store/resource-files.ts';
import { hangUp } from './hang-up.ts';
import { publishRun } from './publish-run.ts';
import { publishVersion } from './publish-version.ts';
import type { Publisher } from './publisher.ts';
import { removeResourceFiles } from './remove-resource-files.ts';
import { wakeDispatchers } from './wake-dispatchers.ts';
import type { RowChange } from './row-change.ts';

/** Where changes are told. */
export type Outlets = {
  publish: Omit<Publisher, 'park' | 'flush' | 'about'>;
  sockets: Pick<Engine, 'traffic' | 'send'>;
  files: Pick<ResourceFiles, 'remove'>;
};

/** Tells one change of the core table to whom it concerns. Telling it twice is harmless. */
export const publishChange = async (
  change: RowChange,
  { publish, sockets, files }: Outlets,
): Promise<void> => {
  const { before, after } = change;
  const row = (after ?? before)?.row;
  if (row === 'run') await publishRun(change, sockets, publish);
  if (row === 'image-version') await publishVersion(change, publish);
  if (row === 'resource') await removeResourceFiles(change, files);
  if (row === 'member' || row === 'api-token') await hangUp(change, sockets.traffic);
  if (row === 'removal' && before === undefined) await publish.removal(after);
  if (row === 'leftover' && isMarked(change)) publish.sweep(after);
  if (row === 'deleted-run' && before === undefined) publish.sweep(after);
  wakeDispatchers(change, publish);
};

/** Somebody asked to delete it. What is noted of one while it is being deleted is no new wish. */
const isMarked = ({ before, after }: RowChange): boolean =>
  before !== undefined && before['state'] !== 'deleting' && after?.['state'] === 'deleting';
