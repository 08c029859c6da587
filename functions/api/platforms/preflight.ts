import { gatherSnapshot } from '../../../shared/actions/gather-snapshot.ts';
import { judgeRun, type Preflight } from '../../../shared/actions/preflight.ts';
import { presentChecks, type RunCheck } from '../../../shared/actions/run-checks.ts';
import type { FieldError } from '../../../shared/contracts/problem.ts';
import type { ErrorId } from '../../../shared/domain/triage/catalogue.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { notFound } from '../../../shared/runtime/api/problem.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { imaginedRun } from './imagined-run.ts';

export type Checker = Preflight & { deploymentId: string };
type Call = { scope: WorkspaceScope; params: { imageDefinitionId: string } };

/**
 * Whether a run that starts now would work: the list that the run itself would begin with. What is wrong with the
 * definition is in the list too, never a refusal. Throws 404.
 */
export const preflight = async (checker: Checker, { scope, params }: Call): Promise<Answer> => {
  const gathered = await gatherSnapshot({ table: checker.core, scope }, params.imageDefinitionId);
  if (gathered === undefined) throw notFound('image definition');
  const { snapshot, obstacles, waits } = gathered;
  if (snapshot === undefined) return { body: presentChecks([...obstacles, ...waits].map(checkOf)) };
  const run = await imaginedRun(checker, scope, snapshot);
  const { checks, faults } = await judgeRun(checker, snapshot, run);
  for (const error of faults) logger.error('a check could not be made', { error });
  return { body: presentChecks(checks) };
};

type Subject = { id: string; errorId?: ErrorId; remedy?: string };

/** What an obstacle is about; all others are about how the parts fit together. */
const subjects: Record<string, Subject> = {
  'no-base-image': { id: 'base-image', errorId: 'base-image-not-found' },
  'name-not-possible': { id: 'image-name', remedy: 'Rename the definition.' },
  'resource-not-available': { id: 'resources', errorId: 'resource-unavailable' },
  'connector-needed': { id: 'connector', remedy: 'Choose a connector that reaches the build VM.' },
  'not-runnable-yet': { id: 'connector', remedy: 'Choose a builder that the cloud reaches.' },
};
const fit: Subject = {
  id: 'definition',
  remedy: 'Choose other parts in the definition, or change those it has.',
};

const checkOf = ({ pointer, code, detail }: FieldError): RunCheck => ({
  ...(subjects[code] ?? fit),
  status: 'fail',
  detail,
  field: pointer,
});
