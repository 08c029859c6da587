import { imageVersionCreated } from './image-version-created.ts';
import { runStatusChanged } from './run-status-changed.ts';

/** Every event on the bus. `samples/` holds one JSON file for each detail type. */
export const eventCatalog = { runStatusChanged, imageVersionCreated };
