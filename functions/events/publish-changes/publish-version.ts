import { imageVersionChanged } from '../../../events/image-version-changed.ts';
import { imageVersionCreated } from '../../../events/image-version-created.ts';
import { imageVersionSchema } from '../../../shared/contracts/entities/image-version.ts';
import type { Publisher } from './publisher.ts';
import type { RowChange } from './row-change.ts';

/** A new image version, and a new state of one, are told to the bus. */
export const publishVersion = async (change: RowChange, publish: Pick<Publisher, 'event'>): Promise<void> => {
  if (change.after === undefined) return;
  const version = imageVersionSchema.parse(change.after);
  const workspaceId = String(change.after['pk']).slice('WS#'.length);
  if (change.before === undefined) {
    await publish.event(imageVersionCreated.build({ workspaceId, version }));
    return;
  }
  const { state: previousState } = imageVersionSchema.parse(change.before);
  if (previousState !== version.state)
    await publish.event(imageVersionChanged.build({ workspaceId, version, previousState }));
};
