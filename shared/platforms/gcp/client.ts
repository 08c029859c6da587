import type { AccountAccess, AccountClient, ConnectionAccess, PlatformClient } from '../platform.ts';
import { type GcpSnapshot, imagesOf } from './base-image.ts';
import { preflight, verify } from './client-checks.ts';
import { locate, resolveBaseImage } from './client-images.ts';
import { findTagged, locateInAccount } from './client-inventory.ts';
import { describeBuildVm, findLeftovers, removeLeftover } from './client-leftovers.ts';
import { openSession, type Outside } from './client-session.ts';
import { translateError } from './errors.ts';

/** Gives every error of Google's libraries the id of the catalogue that explains it. */
const translated = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    throw translateError(error);
  }
};

/** A client for one connection and run. */
export const connect = (access: ConnectionAccess<GcpSnapshot>, outside: Outside = {}): PlatformClient => {
  const { snapshot } = access;
  const session = openSession({ ...access, connection: snapshot.connection }, outside);
  return {
    resolveBaseImage: () => translated(resolveBaseImage(session, snapshot)),
    preflight: (baseImage) => preflight(session, access, baseImage),
    locate: (locators) => translated(locate(session, imagesOf(locators))),
    accountId: () => Promise.resolve(session.projectId),
    describeBuildVm: () => translated(describeBuildVm(session, access)),
    findLeftovers: () => translated(findLeftovers(session, access)),
    removeLeftover: (leftover) => translated(removeLeftover(session, access, leftover)),
  };
};

/** A client for one connection. */
export const open = (access: AccountAccess<'gcp'>, outside: Outside = {}): AccountClient => {
  const session = openSession(access, outside);
  return {
    verify: () => verify(session),
    inventory: {
      findTagged: (owner) => translated(findTagged(session, owner)),
      locate: (locators) => translated(locateInAccount(session, locators)),
    },
  };
};
