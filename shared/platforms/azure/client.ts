import type { AccountAccess, AccountClient, ConnectionAccess, PlatformClient } from '../platform.ts';
import type { AzureSnapshot } from './base-image.ts';

export const connect = (_access: ConnectionAccess<AzureSnapshot>): PlatformClient => {
  throw new Error('not yet');
};
export const open = (_access: AccountAccess<'azure'>): AccountClient => {
  throw new Error('not yet');
};
