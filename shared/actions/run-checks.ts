import type { CheckList } from '../contracts/entities/check.ts';
import { errorCatalogue } from '../domain/triage/catalogue.ts';
import type { PlatformCheck } from '../platforms/platform.ts';

/** One thing that is looked at before a run. */
export type RunCheck = PlatformCheck & {
  /** Name of the step to blame. */
  step?: string;
};

export const passed = (id: string, detail: string): RunCheck => ({ id, status: 'pass', detail });

export const isFailed = ({ status }: RunCheck): boolean => status === 'fail';

/** With what to do about it: as the check itself says, else as the catalogue does. */
export const withRemedy = (check: RunCheck): RunCheck => {
  const { status, errorId, remedy } = check;
  if (status === 'pass' || errorId === undefined || remedy !== undefined) return check;
  return { ...check, remedy: errorCatalogue[errorId].remedy };
};

/** The checks as clients read them. */
export const presentChecks = (checks: readonly RunCheck[]): CheckList => ({
  ok: !checks.some(isFailed),
  checks: checks.map(withRemedy).map(({ id, status, detail, field, remedy }) => ({
    id,
    status,
    detail,
    ...(field === undefined ? {} : { field }),
    ...(remedy === undefined ? {} : { remedy }),
  })),
});
