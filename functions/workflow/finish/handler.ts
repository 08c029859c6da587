import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { type FinishInput, finishInputSchema } from '../../../shared/contracts/workflow.ts';
import { openEngine } from '../../../shared/runtime/engine.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { endRun } from './end-run.ts';

const engine = openEngine(loadEnvironment(functionEnvironments['workflow/finish']));

/** Last task of every run. */
export const handler = backgroundHandler(
  (event: FinishInput): Promise<void> => endRun(engine, finishInputSchema.parse(event)),
);
