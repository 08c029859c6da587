import * as z from 'zod';
import type { IdKind } from '../contracts/common.ts';
import { logLineSchema } from '../contracts/entities/log.ts';
import { packLines } from './packed-lines.ts';

/**
 * Versions of what is stored, and the steps between them (docs/adr/0008). Whoever changes the shape of a row so that the
 * code of the release before would misread it raises its number here, in two deploys.
 */

export type StoredItem = Record<string, unknown>;

/** A pure step from the shape of one version to that of a neighbour. */
type Step = (item: StoredItem) => StoredItem;

/** The version that each kind of row, and each document beside the table, is written with. */
const versions = {
  workspace: 1,
  removal: 1,
  member: 1,
  'api-token': 1,
  /** What lets a token in, by the SHA-256 of its secret. */
  'api-token-digest': 1,
  connection: 1,
  'operating-system': 1,
  'builder-configuration': 1,
  resource: 1,
  provisioner: 1,
  'provisioner-group': 1,
  'provisioner-role': 1,
  'image-definition': 1,
  connector: 1,
  agent: 1,
  'open-code': 1,
  'registration-code': 1,
  schedule: 1,
  firing: 1,
  tags: 1,
  name: 1,
  users: 1,
  'audit-event': 1,
  idempotency: 2,
  'cursor-key': 1,
  'known-pools': 1,
  run: 1,
  /** A copy of a run: its shape is that of `run`, and so is its version. */
  'deleted-run': 1,
  counter: 1,
  queue: 1,
  active: 1,
  latest: 1,
  'run-pointer': 1,
  slot: 1,
  'cool-down': 1,
  lease: 1,
  'image-version': 1,
  'image-version-pointer': 1,
  share: 1,
  leftover: 1,
  /** When the account of a connection is swept. */
  sweep: 1,
  'log-head': 1,
  'log-chunk': 2,
  'socket-ticket': 1,
  'socket-connection': 1,
  'workspace-connection': 1,
  'socket-subscriber': 1,
  'socket-topic': 1,
  /** The document in the bucket of run files. */
  snapshot: 1,
} as const satisfies Record<IdKind | (string & {}), number>;
export type StoredKind = keyof typeof versions;
/** What the attribute `row` of an item says. */
export type RowKind = Exclude<StoredKind, 'snapshot'>;

const linesSchema = z.array(logLineSchema);

type Steps = Readonly<Record<string, Readonly<Record<number, Step>>>>;

export type Schemas = {
  versions: Readonly<Record<string, number>>;
  /** By kind and version: from that version to the next. They stay as long as such an item may lie somewhere. */
  upgraders: Steps;
  /** By kind and version: from a version that only the next release writes to the one before it. */
  readAhead: Steps;
};

/** What this release knows of stored shapes. */
export const schemas: Schemas = {
  versions,
  upgraders: {
    // From 2 on the body is told by a keyed digest; the plain one of a row of 1 counts for the day that it lies there.
    idempotency: { 1: (item) => item },
    // From 2 on the lines are packed, to a fifth of their size.
    'log-chunk': { 1: ({ lines, ...item }) => ({ ...item, packed: packLines(linesSchema.parse(lines)) }) },
  },
  readAhead: {},
};

/** An item was written by a newer release than this one, which cannot know its shape. */
export class NewerItem extends Error {
  constructor(kind: string, version: number, known: number) {
    super(
      `a stored ${kind} has schema version ${version}, this release knows ${known}: deploy the newer release again`,
    );
    this.name = 'NewerItem';
  }
}

/** An item with `row` in the shape of this release. What is of no kind of ours is left alone. Throws NewerItem. */
export const upgraded = (item: StoredItem, known: Schemas = schemas): StoredItem => {
  const { row } = item;
  return typeof row === 'string' && Object.hasOwn(known.versions, row) ? upgradedAs(row, item, known) : item;
};

/** An item of a kind in the shape of this release; one without a version is of the first. Throws NewerItem. */
export const upgradedAs = (kind: string, item: StoredItem, known: Schemas = schemas): StoredItem => {
  const current = known.versions[kind];
  const { schemaVersion: found = 1 } = item;
  if (found === current) return item;
  if (current === undefined || typeof found !== 'number' || !Number.isInteger(found) || found < 1)
    throw new Error(`a stored ${kind} has the schema version ${String(found)}, which is none`);
  const steps = found < current ? known.upgraders : known.readAhead;
  const direction = found < current ? 1 : -1;
  let upgrade = item;
  for (let version = found; version !== current; version += direction) {
    const step = steps[kind]?.[version];
    if (step === undefined) throw stepMissing(kind, { found, version, current });
    upgrade = { ...step(upgrade), schemaVersion: version + direction };
  }
  return upgrade;
};

const stepMissing = (kind: string, at: { found: number; version: number; current: number }): Error =>
  at.found > at.current
    ? new NewerItem(kind, at.found, at.current)
    : new Error(`no step upgrades a stored ${kind} from schema version ${at.version}`);

/** The version that a kind is written with. Throws for what is no kind of ours. */
export const versionOf = (kind: string): number => {
  const version = Object.hasOwn(versions, kind) ? schemas.versions[kind] : undefined;
  if (version === undefined) throw new Error(`${kind} is no kind of row`);
  return version;
};
