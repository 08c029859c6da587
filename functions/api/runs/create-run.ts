import { acceptRun } from '../../../shared/actions/accept-run.ts';
import type { Engine } from '../../../shared/actions/engine.ts';
import type { RunTrigger } from '../../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { present } from '../../../shared/domain/run/lifecycle.ts';
import { audited } from '../../../shared/runtime/api/audit.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { etagOf } from '../../../shared/runtime/api/precondition.ts';
import { brokenRules, notFound } from '../../../shared/runtime/api/problem.ts';
import type { Table } from '../../../shared/store/table.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import type { Write } from '../../../shared/store/write.ts';
import { runEntity } from './audit-runs.ts';
import { demandDefinition } from './read-runs.ts';

type Call = {
  scope: WorkspaceScope;
  params: { imageDefinitionId: string };
  principal: Principal;
  remember: (answer: Answer) => Write[];
};

const triggerOf = (principal: Principal): RunTrigger => ({
  type: principal.kind === 'user' ? 'manual' : 'api-token',
  by: principal.id,
});

const answerOf = (run: StoredRun): Answer => ({
  headers: { location: `/v1/workspaces/${run.workspaceId}/runs/${run.id}`, etag: etagOf(run.rev) },
  body: present(run),
});

/** Run a definition: accepted with its number and queued; everything after that happens by itself. */
export const createRun = async (
  engine: Pick<Engine, 'core' | 'files' | 'now'> & { newId: (kind: 'run') => string; poolIds: string[] },
  call: Call,
): Promise<Answer> => {
  const created = await unlessGone(engine.core, call, () =>
    acceptRun(engine, call.scope, {
      runId: engine.newId('run'),
      definitionId: call.params.imageDefinitionId,
      trigger: triggerOf(call.principal),
      poolIds: engine.poolIds,
      more: (run) => [startEvent(call, run), ...call.remember(answerOf(run))],
    }),
  );
  if (created === undefined) throw notFound('image definition');
  if ('obstacles' in created) throw brokenRules(created.obstacles, 'cannot-start');
  return answerOf(created.run);
};

const startEvent = ({ scope, principal }: Call, run: StoredRun): Write =>
  audited(scope, {
    principal,
    action: 'start',
    entity: runEntity(run),
    after: { imageDefinitionId: run.imageDefinitionId, number: run.number },
  });

/** The definition may be deleted at this very moment: then its guard refuses, and it is simply not there. */
const unlessGone = async <T>(core: Table, call: Call, create: () => Promise<T>): Promise<T> => {
  try {
    return await create();
  } catch (error) {
    if (error instanceof WriteRefused)
      await demandDefinition(core, call.scope, call.params.imageDefinitionId);
    throw error;
  }
};
