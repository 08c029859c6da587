import { monotonicFactory } from 'ulid';
import { type IdKind, idPrefixes } from '../../../shared/contracts/common.ts';
import { seededRandom } from './random.ts';
import type { Scheduler } from './scheduler.ts';

export type NewId = (kind: IdKind) => string;

/** As `newId` of the engine, in virtual time. What it draws is nobody else's to draw: ids decide nothing of a history. */
export const createIds = (seed: number, { now }: Scheduler): NewId => {
  const ulid = monotonicFactory(seededRandom(~seed).next);
  return (kind) => `${idPrefixes[kind]}_${ulid(now())}`;
};
