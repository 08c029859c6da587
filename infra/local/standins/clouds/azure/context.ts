import type { Machines } from '../cloud.ts';
import type { Account } from './account.ts';
import type { Store } from './store.ts';

/** All that the handlers of one stand-in share. */
export type Context = {
  account: Account;
  store: Store;
  machines: Machines;
  /** Images of machines behind managed images and versions, by resource ids in small letters. */
  captured: Map<string, string>;
  /** Deletions that somebody was told of as under way; asked for again they are done. */
  underWay: Set<string>;
};

/** Name of the machine behind a VM. */
export const machineOf = (vmId: string): string => vmId.toLowerCase();
