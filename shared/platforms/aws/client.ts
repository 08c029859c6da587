import type { AccountAccess, AccountClient, ConnectionAccess, PlatformClient } from '../platform.ts';
import { type AwsSnapshot, amisOf, regionOf } from './base-image.ts';
import { locate, resolveBaseImage } from './client-images.ts';
import { describeBuildVm, findLeftovers } from './client-leftovers.ts';
import { removeLeftover } from './client-removal.ts';
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
export const connect = (access: ConnectionAccess<AwsSnapshot>): PlatformClient => {
  const { runId } = access.run;
  const { snapshot, decrypt } = access;
  const { connection } = snapshot;
  const session = openSession({ connection, decrypt, sessionName: runId, region: regionOf(snapshot) });
  return {
    credentials: () => translated(session.vend()),
    resolveBaseImage: () => translated(resolveBaseImage(session, snapshot)),
    preflight: async (baseImage) => {
      const { preflight } = await import('./client-preflight.ts');
      return translated(preflight(session, access, baseImage));
    },
    locate: (locators) => translated(locate(session, amisOf(locators))),
    accountId: () => translated(accountId(session)),
    describeBuildVm: () => translated(describeBuildVm(session, access)),
    findLeftovers: (known) => translated(findLeftovers(session, access, known)),
    removeLeftover: (leftover) => translated(removeLeftover(session, leftover)),
  };
};

/** A client for one connection. */
export const open = (access: AccountAccess<'aws'>): AccountClient => {
  const session = openSession({ ...access, region: access.connection.settings.region });
  return {
    verify: async () => {
      const { verify } = await import('./client-preflight.ts');
      return translated(verify(session, access));
    },
    share: async (locators, region, principal) => {
      const { share } = await import('./client-shares.ts');
      return translated(share(session, locators, region, principal));
    },
    unshare: async (locators, region, principal) => {
      const { unshare } = await import('./client-shares.ts');
      return translated(unshare(session, locators, region, principal));
    },
    inventory: {
      findTagged: async (owner, regions) => {
        const { findTagged } = await import('./client-inventory.ts');
        return translated(findTagged(session, owner, regions));
      },
      locate: async (locators) => {
        const { locateInAccount } = await import('./client-inventory.ts');
        return translated(locateInAccount(session, locators));
      },
    },
  };
};
