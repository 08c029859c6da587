import type { ConnectionAccess, PlatformClient } from '../platform.ts';
import { locate, resolveBaseImage } from './client-images.ts';
import { describeBuildVm, findLeftovers, removeLeftover } from './client-leftovers.ts';
import { accountId, openSession } from './client-session.ts';
import { translateError } from './errors.ts';

/** Gives every error of the SDK the id of the catalogue that explains it. */
const translated = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    throw translateError(error);
  }
};

/** A client for one connection and run. */
export const connect = (access: ConnectionAccess): PlatformClient => {
  const session = openSession(access);
  const { runId } = access.run;
  return {
    credentials: () => translated(session.vend()),
    resolveBaseImage: () => translated(resolveBaseImage(session, access.snapshot)),
    locate: (locators) => translated(locate(session, locators)),
    accountId: () => translated(accountId(session)),
    describeBuildVm: () => translated(describeBuildVm(session, access)),
    findLeftovers: (known) => translated(findLeftovers(session, runId, known)),
    removeLeftover: (leftover) => translated(removeLeftover(session, leftover)),
  };
};
