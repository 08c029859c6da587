import type { AccountAccess, AccountClient, ConnectionAccess, PlatformClient } from '../platform.ts';
import type { AzureSnapshot } from './base-image.ts';
import { preflight, verify } from './client-checks.ts';
import { locate, resolveBaseImage } from './client-images.ts';
import { findTagged, locateInAccount } from './client-inventory.ts';
import { describeBuildVm, findLeftovers, removeLeftover } from './client-leftovers.ts';
import { openSession, type Transport } from './client-session.ts';
import { translateError } from './errors.ts';

/** Gives every error of the SDKs the id of the catalogue that explains it. */
const translated = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    throw translateError(error);
  }
};

/** A client for one connection and run. */
export const connect = (
  access: ConnectionAccess<AzureSnapshot>,
  transport: Transport = {},
): PlatformClient => {
  const { snapshot, run } = access;
  const { connection, builderConfiguration: builder } = snapshot;
  const cloud = builder.settings.cloudEnvironmentName;
  const session = openSession({ ...access, connection }, { cloud, transport });
  return {
    resolveBaseImage: () => translated(resolveBaseImage(session, snapshot)),
    preflight: (baseImage) => translated(preflight(session, access, baseImage)),
    locate: (locators) => translated(locate(session, locators)),
    accountId: () => Promise.resolve(session.subscriptionId),
    describeBuildVm: () => translated(describeBuildVm(session, access)),
    findLeftovers: () => translated(findLeftovers(session, access)),
    removeLeftover: (leftover) => translated(removeLeftover(session, leftover, run)),
  };
};

/** A client for one connection. A connection does not say in which of Azure's clouds it is: the public one is asked. */
export const open = (access: AccountAccess<'azure'>, transport: Transport = {}): AccountClient => {
  const session = openSession(access, { transport });
  return {
    verify: () => translated(verify(session)),
    inventory: {
      findTagged: (owner) => translated(findTagged(session, owner)),
      locate: (locators) => translated(locateInAccount(session, locators)),
    },
  };
};
