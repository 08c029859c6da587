import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { type FinishInput, finishInputSchema } from '../../../shared/contracts/workflow.ts';
import { cloudBuilds } from '../../../shared/runtime/cloud-builds.ts';
import { openEngine } from '../../../shared/runtime/engine.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { endRun } from './end-run.ts';

const engine = openEngine(loadEnvironment(functionEnvironments['workflow/finish']));
const { stop: stopBuild } = cloudBuilds();

/** Last task of every run. */
export const handler = backgroundHandler(
  (event: FinishInput): Promise<void> => endRun({ ...engine, stopBuild }, finishInputSchema.parse(event)),
);
