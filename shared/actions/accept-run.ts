import { DEFAULT_TIMEOUT_SECONDS } from '../contracts/entities/image-definition.ts';
import type { RunTrigger } from '../contracts/entities/run.ts';
import type { FieldError } from '../contracts/problem.ts';
import type { RunSnapshot } from '../contracts/snapshot.ts';
import type { StoredRun } from '../contracts/stored-run.ts';
import { poolOf } from '../domain/run/pool.ts';
import { runStore } from '../store/run-store.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import type { Write } from '../store/write.ts';
import type { Engine } from './engine.ts';
import { gatherSnapshot } from './gather-snapshot.ts';

export type RunRequest = {
  runId: string;
  definitionId: string;
  trigger: RunTrigger;
  /** The deployment's own pools; the first one is for builders that name none. */
  poolIds: string[];
  /** Writes of the same transaction, made from the run as it will be answered. */
  more: (run: StoredRun) => Write[];
};

export type AcceptedRun = { run: StoredRun } | { obstacles: FieldError[] } | undefined;

/**
 * Accepts a run: snapshot first, under its checksum, then number, run and queue row in one transaction. A crash in
 * between leaves a snapshot that nobody refers to, and at most a gap in the numbers. Undefined: no such definition.
 */
export const acceptRun = async (
  engine: Pick<Engine, 'core' | 'files' | 'now'>,
  scope: WorkspaceScope,
  request: RunRequest,
): Promise<AcceptedRun> => {
  const gathered = await gatherSnapshot({ table: engine.core, scope }, request.definitionId);
  if (gathered === undefined) return undefined;
  const { snapshot, waits } = gathered;
  if (snapshot === undefined || waits.length > 0) return { obstacles: [...gathered.obstacles, ...waits] };
  const where = poolOf(
    { definition: snapshot.definition, builder: snapshot.builderConfiguration },
    request.poolIds,
  );
  if ('obstacle' in where) return { obstacles: [where.obstacle] };
  const snapshotSha256 = await engine.files.putSnapshot(scope, snapshot);
  const draft = { ...queuedRun(snapshot, request, engine.now()), ...where, snapshotSha256 };
  const { firstNumber } = snapshot.definition;
  const run = await runStore(engine.core, scope).create({ run: draft, firstNumber }, request.more);
  return { run };
};

const queuedRun = (snapshot: RunSnapshot, request: RunRequest, now: string) => {
  const { definition, operatingSystem, steps } = snapshot;
  return {
    schemaVersion: 1 as const,
    id: request.runId,
    workspaceId: snapshot.workspaceId,
    imageDefinitionId: definition.id,
    imageName: definition.name,
    attempt: 1,
    status: 'Queued' as const,
    phase: 'queued' as const,
    trigger: request.trigger,
    createdAt: now,
    operatingSystem: { id: operatingSystem.id, name: operatingSystem.name },
    steps: steps.map(({ index, provisioner }) => ({
      index,
      name: provisioner.name,
      status: 'pending' as const,
    })),
    leftoverCount: 0,
    rev: 1,
    timeoutSeconds: definition.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
  };
};
