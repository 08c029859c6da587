import type { RunSnapshot } from '../contracts/snapshot.ts';
import { variableKey } from '../domain/definition/environment.ts';
import type { RunIdentity } from '../platforms/platform.ts';
import { finalName } from '../platforms/snapshot-of.ts';

const NAMES = ['GOLDSMITH_IMAGE_NAME', 'GOLDSMITH_RUN_ID', 'GOLDSMITH_RUN_NUMBER', 'GOLDSMITH_STEP'] as const;

/** Variables with which every script can read about its run; they win over those of users. */
export const runEnvironment = (
  snapshot: RunSnapshot,
  run: RunIdentity,
  step: number,
): Record<(typeof NAMES)[number], string> => ({
  GOLDSMITH_IMAGE_NAME: finalName(snapshot, run),
  GOLDSMITH_RUN_ID: run.runId,
  GOLDSMITH_RUN_NUMBER: String(run.number),
  GOLDSMITH_STEP: String(step),
});

/** Whether a variable is one of the run itself. */
export const isRunVariable = (family: 'linux' | 'windows', name: string): boolean =>
  NAMES.some((one) => one === variableKey(family, name));
