import { toldByRunner } from '../../../shared/actions/leftover-ledger.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { type FoundLeftover, PlatformError } from '../../../shared/platforms/platform.ts';

/** Why nothing can be deleted, nor even looked for, from here. */
export const onlyConnectors =
  'Only a connector at the site reaches this platform: delete it there, then delete the run.';

/** In a few words for people; what nobody foresaw stays in our log. */
export const reasonOf = (error: unknown): string =>
  error instanceof PlatformError ? error.message : 'The platform did not answer as expected.';

/** What the runner told of, for when the platform cannot be asked; undefined when it told nothing. */
export const reported = (run: StoredRun): FoundLeftover[] | undefined => {
  // Packer cleaned up behind itself and its runner told the end.
  if (run.completion !== undefined && run.completion.outcome !== 'stopped') return undefined;
  const all = toldByRunner(run);
  return all.length === 0 ? undefined : all;
};

/** Something may be there, and nobody could look: it carries this tag. */
export const toldByTag = ({ id }: Pick<StoredRun, 'id'>): FoundLeftover => ({
  kind: 'unknown',
  locator: `goldsmith:run=${id}`,
});
