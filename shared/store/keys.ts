import type { IdKind } from '../contracts/common.ts';
import { foldName } from '../domain/fold-name.ts';
import { sha256 } from '../domain/sha256.ts';
import type { WorkspaceScope } from './workspace-scope.ts';

/**
 * Every key string of both tables. Core table, by what is asked:
 *
 * | asked | pk | sk |
 * | --- | --- | --- |
 * | a workspace; its members | WS#w | META; MEMBER#user |
 * | workspaces of a person | USER#user | WS#w |
 * | a workspace that is being removed (index `due`) | REMOVAL#w | META |
 * | an API token by its secret | TOKEN#sha256 | META |
 * | an entity; all of a kind; one by its name | WS#w | ENTITY#kind#id; NAME#kind#folded name |
 * | who uses an entity (sets of ids) | WS#w | USERS#kind#id |
 * | a reference that the first release wrote; all to an entity | WS#w | REF#kind#id#kind#id |
 * | tags of each entity that has any | WS#w | TAGS#kind#id |
 * | agents of a connector; its open registration codes | WS#w | AGENT#connector#id; CODE#connector#place |
 * | a registration code by its text | REGISTRATION#sha256 | META |
 * | what was done, newest first (400 days) | WS#w | AUDIT#id |
 * | a run; runs of the workspace, newest first | WS#w | RUN#id |
 * | active runs | WS#w | ACTIVE#id |
 * | latest run of each definition | WS#w | LATEST#definition |
 * | numbers given, by definition and by name | WS#w | COUNTER#definition#id; COUNTER#name#folded name |
 * | runs of a definition by number | WS#w#DEF#definition | RUN#number |
 * | image versions of a definition by number; one by id | WS#w#DEF#definition; WS#w | VERSION#number; VERSION#id |
 * | who may use an image version | WS#w | SHARE#version#region#type#id |
 * | firings of a schedule by scheduled time | WS#w | FIRING#schedule#time |
 * | leftovers of a run | WS#w#RUN#run | LEFTOVER#id |
 * | a deleted run that is still to be cleaned up after (a week) | WS#w | DELETED-RUN#id |
 * | when a connection's account is swept (index `due`) | WS#w | SWEEP#connection |
 * | answers to idempotency keys (24 h) | WS#w | IDEMPOTENCY#sha256 |
 * | slots and lease of a workspace's runs | WS#w | SLOT#n; LEASE#run |
 * | queue, slots and rest of a pool | POOL#p | QUEUE#…; SLOT#n; COOL-DOWN |
 * | runs and removals due for a look (index `due`) | due = RUN; due = WORKSPACE | dueAt |
 * | accounts due for a sweep (index `due`) | due = CONNECTION | dueAt |
 * | runs that wait for a connector (index `due`) | due = QUEUE | dueAt |
 * | what cursors are sealed with; pools that the deployment has or had | DEPLOYMENT | CURSOR-KEY; POOLS |
 *
 * Traffic table: LOG (head and chunks by first seq), CONN, SUBS, TICKET. All of it expires.
 */
export type Key = { pk: string; sk: string };

const workspace = (scope: WorkspaceScope): string => `WS#${scope.workspaceId}`;
const padded = (number: number): string => String(number).padStart(12, '0');

/** A sort key has 1,024 bytes; a folded name can be longer than the name, and what is longer than this is digested. */
const MAX_FOLDED_BYTES = 800;

const folded = (name: string): string => {
  const text = foldName(name);
  return Buffer.byteLength(text) <= MAX_FOLDED_BYTES ? text : `sha256:${sha256(text)}`;
};

/** Keys of the core table that belong to a workspace. */
export const keys = {
  workspace: (scope: WorkspaceScope): Key => ({ pk: workspace(scope), sk: 'META' }),
  /** All that lies in the workspace's own partition. */
  everything: (scope: WorkspaceScope) => ({ pk: workspace(scope), prefix: '' }),
  /** Outside of the workspace's own partition, which is empty before this goes. */
  removal: (scope: WorkspaceScope): Key => ({ pk: `REMOVAL#${scope.workspaceId}`, sk: 'META' }),
  member: (scope: WorkspaceScope, userId: string): Key => ({ pk: workspace(scope), sk: `MEMBER#${userId}` }),
  members: (scope: WorkspaceScope) => ({ pk: workspace(scope), prefix: 'MEMBER#' }),
  entity: (scope: WorkspaceScope, kind: IdKind, id: string): Key => ({
    pk: workspace(scope),
    sk: `ENTITY#${kind}#${id}`,
  }),
  entities: (scope: WorkspaceScope, kind: IdKind) => ({ pk: workspace(scope), prefix: `ENTITY#${kind}#` }),
  name: (scope: WorkspaceScope, kind: IdKind, name: string): Key => ({
    pk: workspace(scope),
    sk: `NAME#${kind}#${folded(name)}`,
  }),
  names: (scope: WorkspaceScope, kind: IdKind) => ({ pk: workspace(scope), prefix: `NAME#${kind}#` }),
  users: (scope: WorkspaceScope, kind: IdKind, id: string): Key => ({
    pk: workspace(scope),
    sk: `USERS#${kind}#${id}`,
  }),
  reference: (
    scope: WorkspaceScope,
    to: { kind: IdKind; id: string },
    from: { kind: IdKind; id: string },
  ): Key => ({ pk: workspace(scope), sk: `REF#${to.kind}#${to.id}#${from.kind}#${from.id}` }),
  referencesTo: (scope: WorkspaceScope, kind: IdKind, id: string) => ({
    pk: workspace(scope),
    prefix: `REF#${kind}#${id}#`,
  }),
  tags: (scope: WorkspaceScope, kind: IdKind, id: string): Key => ({
    pk: workspace(scope),
    sk: `TAGS#${kind}#${id}`,
  }),
  /** Of one kind, or of all. */
  allTags: (scope: WorkspaceScope, kind?: IdKind) => ({
    pk: workspace(scope),
    prefix: kind === undefined ? 'TAGS#' : `TAGS#${kind}#`,
  }),
  agent: (scope: WorkspaceScope, connectorId: string, id: string): Key => ({
    pk: workspace(scope),
    sk: `AGENT#${connectorId}#${id}`,
  }),
  /** Of the connectors from the first to the last in the order of their ids. */
  agentsBetween: (scope: WorkspaceScope, first: string, last: string) => ({
    pk: workspace(scope),
    prefix: 'AGENT#',
    after: `AGENT#${first}#`,
    before: `AGENT#${last}#\uffff`,
  }),
  openCode: (scope: WorkspaceScope, connectorId: string, place: number): Key => ({
    pk: workspace(scope),
    sk: `CODE#${connectorId}#${padded(place)}`,
  }),
  openCodes: (scope: WorkspaceScope, connectorId: string) => ({
    pk: workspace(scope),
    prefix: `CODE#${connectorId}#`,
  }),
  auditEvent: (scope: WorkspaceScope, id: string): Key => ({ pk: workspace(scope), sk: `AUDIT#${id}` }),
  auditEvents: (scope: WorkspaceScope) => ({ pk: workspace(scope), prefix: 'AUDIT#' }),
  run: (scope: WorkspaceScope, runId: string): Key => ({ pk: workspace(scope), sk: `RUN#${runId}` }),
  runs: (scope: WorkspaceScope) => ({ pk: workspace(scope), prefix: 'RUN#' }),
  deletedRun: (scope: WorkspaceScope, runId: string): Key => ({
    pk: workspace(scope),
    sk: `DELETED-RUN#${runId}`,
  }),
  activeRun: (scope: WorkspaceScope, runId: string): Key => ({ pk: workspace(scope), sk: `ACTIVE#${runId}` }),
  activeRuns: (scope: WorkspaceScope) => ({ pk: workspace(scope), prefix: 'ACTIVE#' }),
  latestRun: (scope: WorkspaceScope, definitionId: string): Key => ({
    pk: workspace(scope),
    sk: `LATEST#${definitionId}`,
  }),
  definitionCounter: (scope: WorkspaceScope, definitionId: string): Key => ({
    pk: workspace(scope),
    sk: `COUNTER#definition#${definitionId}`,
  }),
  nameCounter: (scope: WorkspaceScope, name: string): Key => ({
    pk: workspace(scope),
    sk: `COUNTER#name#${folded(name)}`,
  }),
  runOfDefinition: (scope: WorkspaceScope, definitionId: string, number: number): Key => ({
    pk: `${workspace(scope)}#DEF#${definitionId}`,
    sk: `RUN#${padded(number)}`,
  }),
  runsOfDefinition: (scope: WorkspaceScope, definitionId: string) => ({
    pk: `${workspace(scope)}#DEF#${definitionId}`,
    prefix: 'RUN#',
  }),
  imageVersion: (scope: WorkspaceScope, id: string): Key => ({ pk: workspace(scope), sk: `VERSION#${id}` }),
  versionOfDefinition: (scope: WorkspaceScope, definitionId: string, number: number): Key => ({
    pk: `${workspace(scope)}#DEF#${definitionId}`,
    sk: `VERSION#${padded(number)}`,
  }),
  versionsOfDefinition: (scope: WorkspaceScope, definitionId: string) => ({
    pk: `${workspace(scope)}#DEF#${definitionId}`,
    prefix: 'VERSION#',
  }),
  /** An organization and its units are known by their own id, whether it was given alone or in an ARN. */
  share: (
    scope: WorkspaceScope,
    share: { imageVersionId: string; region: string; principal: { type: string; id: string } },
  ): Key => {
    const { imageVersionId, region, principal } = share;
    const id = principal.id.slice(principal.id.lastIndexOf('/') + 1);
    return { pk: workspace(scope), sk: `SHARE#${imageVersionId}#${region}#${principal.type}#${id}` };
  },
  sharesOf: (scope: WorkspaceScope, imageVersionId: string) => ({
    pk: workspace(scope),
    prefix: `SHARE#${imageVersionId}#`,
  }),
  sweep: (scope: WorkspaceScope, connectionId: string): Key => ({
    pk: workspace(scope),
    sk: `SWEEP#${connectionId}`,
  }),
  imageVersions: (scope: WorkspaceScope) => ({ pk: workspace(scope), prefix: 'VERSION#' }),
  firing: (scope: WorkspaceScope, scheduleId: string, scheduledAt: string): Key => ({
    pk: workspace(scope),
    sk: `FIRING#${scheduleId}#${scheduledAt}`,
  }),
  firings: (scope: WorkspaceScope, scheduleId: string) => ({
    pk: workspace(scope),
    prefix: `FIRING#${scheduleId}#`,
  }),
  leftover: (scope: WorkspaceScope, runId: string, id: string): Key => ({
    pk: `${workspace(scope)}#RUN#${runId}`,
    sk: `LEFTOVER#${id}`,
  }),
  leftovers: (scope: WorkspaceScope, runId: string) => ({
    pk: `${workspace(scope)}#RUN#${runId}`,
    prefix: 'LEFTOVER#',
  }),
  workspaceSlot: (scope: WorkspaceScope, n: number): Key => ({
    pk: workspace(scope),
    sk: `SLOT#${padded(n)}`,
  }),
  workspaceSlots: (scope: WorkspaceScope) => ({ pk: workspace(scope), prefix: 'SLOT#' }),
  lease: (scope: WorkspaceScope, runId: string): Key => ({ pk: workspace(scope), sk: `LEASE#${runId}` }),
  /** Order within a workspace: manual (0) before scheduled (1), then first in, first out. */
  queued: (scope: WorkspaceScope, poolId: string, entry: { manual: boolean; runId: string }): Key => ({
    pk: `POOL#${poolId}`,
    sk: `QUEUE#${scope.workspaceId}#${entry.manual ? 0 : 1}#${entry.runId}`,
  }),
};

/** Keys that belong to no workspace. */
export const globalKeys = {
  cursorKey: { pk: 'DEPLOYMENT', sk: 'CURSOR-KEY' },
  membership: (userId: string, workspaceId: string): Key => ({
    pk: `USER#${userId}`,
    sk: `WS#${workspaceId}`,
  }),
  memberships: (userId: string) => ({ pk: `USER#${userId}`, prefix: 'WS#' }),
  apiToken: (sha256: string): Key => ({ pk: `TOKEN#${sha256}`, sk: 'META' }),
  registrationCode: (sha256: string): Key => ({ pk: `REGISTRATION#${sha256}`, sk: 'META' }),
  queue: (poolId: string) => ({ pk: `POOL#${poolId}`, prefix: 'QUEUE#' }),
  queueOf: (poolId: string, workspaceId: string) => ({
    pk: `POOL#${poolId}`,
    prefix: `QUEUE#${workspaceId}#`,
  }),
  poolSlot: (poolId: string, n: number): Key => ({ pk: `POOL#${poolId}`, sk: `SLOT#${padded(n)}` }),
  coolDown: (poolId: string): Key => ({ pk: `POOL#${poolId}`, sk: 'COOL-DOWN' }),
  poolSlots: (poolId: string) => ({ pk: `POOL#${poolId}`, prefix: 'SLOT#' }),
  /** The pool whose partition this is. */
  poolOfQueue: (pk: string): string => pk.slice('POOL#'.length),
  knownPools: { pk: 'DEPLOYMENT', sk: 'POOLS' },
};

/** Where the answer to an idempotency key is kept: in the workspace, or with the person where there is none yet. */
export const idempotencyKeyOf = (
  scope: WorkspaceScope | undefined,
  principalId: string,
  digest: string,
): Key =>
  scope === undefined
    ? { pk: `USER#${principalId}`, sk: `IDEMPOTENCY#${digest}` }
    : { pk: workspace(scope), sk: `IDEMPOTENCY#${digest}` };

/** Partitions of the sparse index of rows that the reconciler looks at. */
export const DUE_RUN = 'RUN';
export const DUE_WORKSPACE = 'WORKSPACE';
export const DUE_CONNECTION = 'CONNECTION';
export const DUE_QUEUE = 'QUEUE';

/** Keys of the traffic table. */
export const trafficKeys = {
  logHead: (scope: WorkspaceScope, runId: string): Key => ({
    pk: `${workspace(scope)}#LOG#${runId}`,
    sk: 'HEAD',
  }),
  logChunk: (scope: WorkspaceScope, runId: string, fromSeq: number): Key => ({
    pk: `${workspace(scope)}#LOG#${runId}`,
    sk: `CHUNK#${padded(fromSeq)}`,
  }),
  logChunks: (scope: WorkspaceScope, runId: string) => ({
    pk: `${workspace(scope)}#LOG#${runId}`,
    prefix: 'CHUNK#',
  }),
  runSubscriber: (scope: WorkspaceScope, connectionId: string): Key => ({
    pk: `${workspace(scope)}#SUBS#runs`,
    sk: connectionId,
  }),
  runSubscribers: (scope: WorkspaceScope) => ({ pk: `${workspace(scope)}#SUBS#runs`, prefix: '' }),
  logSubscriber: (scope: WorkspaceScope, runId: string, connectionId: string): Key => ({
    pk: `${workspace(scope)}#SUBS#log#${runId}`,
    sk: connectionId,
  }),
  logSubscribers: (scope: WorkspaceScope, runId: string) => ({
    pk: `${workspace(scope)}#SUBS#log#${runId}`,
    prefix: '',
  }),
  connection: (connectionId: string): Key => ({ pk: `CONN#${connectionId}`, sk: 'META' }),
  connectionOf: (scope: WorkspaceScope, connectionId: string): Key => ({
    pk: `${workspace(scope)}#CONN`,
    sk: connectionId,
  }),
  connectionsOf: (scope: WorkspaceScope) => ({ pk: `${workspace(scope)}#CONN`, prefix: '' }),
  topic: (connectionId: string, topic: string): Key => ({ pk: `CONN#${connectionId}`, sk: `TOPIC#${topic}` }),
  topics: (connectionId: string) => ({ pk: `CONN#${connectionId}`, prefix: 'TOPIC#' }),
  ticket: (sha256: string): Key => ({ pk: `TICKET#${sha256}`, sk: 'META' }),
};
