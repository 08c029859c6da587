import { logger } from '../../../shared/runtime/logger.ts';
import { type Outlets, publishChange } from './publish-change.ts';
import type { RowChange } from './row-change.ts';

/** What carries a batch: how a record is read, and where one goes that cannot be published. */
export type Batch<R> = {
  read: (record: R) => RowChange;
  park: (record: R) => Promise<unknown>;
  /** Sends what was gathered. */
  flush: () => Promise<void>;
};

/**
 * Tells a batch of changes in its order. A record that cannot be published is parked, so that it never holds up the
 * ones behind it. What throws was told in part: telling all of it again is harmless.
 */
export const publishBatch = async <R>(records: R[], outlets: Outlets, batch: Batch<R>): Promise<void> => {
  for (const record of records) {
    try {
      await publishChange(batch.read(record), outlets);
    } catch (error) {
      logger.error('a change was parked', { error });
      await batch.park(record);
    }
  }
  await batch.flush();
};
