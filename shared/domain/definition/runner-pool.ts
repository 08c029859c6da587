import type { FieldError } from '../../contracts/problem.ts';

/** A builder may name a pool that the deployment has, or none: then it is the deployment's to choose. */
export const noSuchPool = (runnerPoolId: string | undefined, poolIds: string[]): FieldError[] => {
  if (runnerPoolId === undefined || poolIds.includes(runnerPoolId)) return [];
  const detail = `this deployment has no runner pool ${runnerPoolId}; it has ${poolIds.join(', ')}`;
  return [{ pointer: '/runnerPoolId', code: 'missing-reference', detail }];
};
