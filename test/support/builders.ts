import type { LogLine } from '../../shared/contracts/entities/log.ts';
import type { Failure, Run } from '../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';

/** Things with fixed values; a test names only what it is about. */

/** A ULID that ends in the given letters or digits. */
export const ulid = (end: number | string): string => {
  const text = String(end);
  return '01JD0000000000000000000000'.slice(0, 26 - text.length) + text;
};

/** `seconds` after the moment at which everything in these tests begins. */
export const at = (seconds: number): string =>
  new Date(Date.UTC(2026, 0, 2, 3, 4, 5) + seconds * 1000).toISOString();

export const workspaceId = `ws_${ulid('W')}`;

/** Fields that every entity has. */
export const base = (id: string, name: string) => ({
  id,
  name,
  description: '',
  tags: {},
  createdAt: at(0),
  createdBy: 'user-1',
  updatedAt: at(0),
  rev: 1,
});

export const failure = (fields: Partial<Failure> = {}): Failure => ({
  errorId: 'script-failed',
  category: 'provisioner',
  step: 'install packages',
  message: 'Script exited with non-zero exit status: 3.',
  logSeq: 17,
  exitCode: 1,
  remedy: 'Read the lines before the error.',
  ...fields,
});

/** A run that waits in the queue of the pool `default`. */
export const queuedRun = (fields: Partial<StoredRun> = {}): StoredRun => ({
  schemaVersion: 1,
  id: `run_${ulid('1')}`,
  workspaceId,
  imageDefinitionId: `def_${ulid('D')}`,
  imageName: 'Web-Base',
  number: 1,
  attempt: 1,
  status: 'Queued',
  phase: 'queued',
  pool: { kind: 'cloud', id: 'default' },
  trigger: { type: 'manual', by: 'user-1' },
  createdAt: at(0),
  operatingSystem: { id: `os_${ulid('S')}`, name: 'Ubuntu 24.04' },
  steps: [
    { index: 1, name: 'install packages', status: 'pending' },
    { index: 2, name: 'harden', status: 'pending' },
  ],
  leftoverCount: 0,
  rev: 1,
  snapshotSha256: 'f'.repeat(64),
  timeoutSeconds: 3600,
  ...fields,
});

/** A runner has the run since second 20, and was heard of last at second 30. */
export const lease: NonNullable<StoredRun['lease']> = {
  tokenSha256: 'y',
  runnerId: 'runner-1',
  runnerVersion: '1',
  packerVersion: '1.15.1',
  claimedAt: at(20),
  lastHeardAt: at(30),
};

/** A run that was admitted at second 10. */
export const runningRun = (fields: Partial<StoredRun> = {}): StoredRun => ({
  ...queuedRun(),
  status: 'Running',
  phase: 'building',
  startedAt: at(10),
  deadlineAt: at(3610),
  slots: { workspace: 1, pool: 1 },
  rev: 2,
  ...fields,
});

/** A run as clients read it. */
export const presentedRun = (fields: Partial<Run> = {}): Run => ({
  id: `run_${ulid('1')}`,
  imageDefinitionId: `def_${ulid('D')}`,
  imageName: 'Web-Base-v1',
  number: 1,
  attempt: 1,
  status: 'Queued',
  phase: 'queued',
  pool: { kind: 'cloud', id: 'default' },
  trigger: { type: 'manual', by: 'user-1' },
  createdAt: at(0),
  operatingSystem: { id: `os_${ulid('S')}`, name: 'Ubuntu 24.04' },
  provisionerCount: 2,
  leftovers: { count: 0 },
  rev: 1,
  ...fields,
});

export const logLine = (seq: number, text = `line ${seq}`, fields: Partial<LogLine> = {}): LogLine => ({
  seq,
  ts: at(seq),
  step: null,
  stream: 'packer',
  level: 'info',
  text,
  ...fields,
});

/** Lines `from` to `to`, both included. */
export const logLines = (from: number, to: number): LogLine[] =>
  Array.from({ length: to - from + 1 }, (_, place) => logLine(from + place));
