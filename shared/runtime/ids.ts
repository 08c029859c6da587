import { randomBytes } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import { type IdKind, idPrefixes } from '../contracts/common.ts';

const ulid = monotonicFactory();

/** A new id of a kind; ids made later sort after it. */
export const newId = (kind: IdKind): string => `${idPrefixes[kind]}_${ulid()}`;

/** Now, as every time stamp of ours is written. */
export const now = (): string => new Date().toISOString();

/** A secret of 32 random bytes as 43 characters that are safe in URLs and headers. */
export const newSecret = (): string => randomBytes(32).toString('base64url');
