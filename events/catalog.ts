import { imageVersionChanged } from './image-version-changed.ts';
import { imageVersionCreated } from './image-version-created.ts';
import { runLeftoversRemain } from './run-leftovers-remain.ts';
import { runStatusChanged } from './run-status-changed.ts';
import { runStepChanged } from './run-step-changed.ts';

/** Every event on the bus. `samples/` holds one JSON file for each detail type; docs/events.md is for who subscribes. */
export const eventCatalog = {
  runStatusChanged,
  runStepChanged,
  runLeftoversRemain,
  imageVersionCreated,
  imageVersionChanged,
};
