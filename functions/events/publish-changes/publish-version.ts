import { imageVersionCreated } from '../../../events/image-version-created.ts';
import { imageVersionSchema } from '../../../shared/contracts/entities/image-version.ts';
import type { Publisher } from './publisher.ts';
import type { RowChange } from './row-change.ts';

/** A new image version is told to the bus. */
export const publishVersion = async (change: RowChange, publish: Pick<Publisher, 'event'>): Promise<void> => {
  if (change.before !== undefined || change.after === undefined) return;
  const version = imageVersionSchema.parse(change.after);
  const workspaceId = String(change.after['pk']).slice('WS#'.length);
  await publish.event(imageVersionCreated.build({ workspaceId, version }));
};
