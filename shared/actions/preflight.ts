import type { JobBundle, PackerGeneration } from '../contracts/bundle.ts';
import type { BaseImage } from '../contracts/entities/image-version.ts';
import type { RunSnapshot } from '../contracts/snapshot.ts';
import { compileBundle } from '../packer/compile.ts';
import { imageField } from '../platforms/checks.ts';
import { PlatformError, type RunIdentity } from '../platforms/platform.ts';
import { platformOf } from '../platforms/registry.ts';
import type { Table } from '../store/table.ts';
import { scopeTo } from '../store/workspace-scope.ts';
import { type FileLooker, fileChecks } from './check-files.ts';
import { connectorChecks, partChecks } from './check-parts.ts';
import { type Looker, platformChecks } from './check-platform.ts';
import { isFailed, passed, type RunCheck } from './run-checks.ts';

/** What the runners of a deployment bring along. */
export type Target = { generation: PackerGeneration; ec2Endpoint?: string | undefined };

export type Preflight = Looker & Pick<FileLooker, 'resources'> & { core: Table; target: Target };

/** What a run gives to Packer, and where its build VM will stand. */
export type Job = { bundle: JobBundle; buildSite: { user: string; region?: string } };

export type Judgement = {
  checks: RunCheck[];
  baseImage?: BaseImage;
  /** Where no check fails. */
  job?: Job;
  /** Errors that nobody foresaw, for the log of who asked. */
  faults: unknown[];
};

/**
 * All that is looked at before a run, the same for whoever asks and for the run itself: its parts, its connector, its
 * files and its platform, all at the same time, and then its template. Three round trips where the platform answers at
 * once.
 */
export const judgeRun = async (
  preflight: Preflight,
  snapshot: RunSnapshot,
  run: RunIdentity,
): Promise<Judgement> => {
  const { core: table, resources, limitMs, now, target } = preflight;
  const scope = scopeTo(run.workspaceId);
  const [connector, files, platform] = await Promise.all([
    connectorChecks({ table, scope, now: now() }, snapshot),
    fileChecks({ resources, scope, limitMs }, snapshot),
    platformChecks(preflight, snapshot, run),
  ]);
  const { baseImage, faults } = platform;
  const checks = withoutDoubles([...partChecks(snapshot, run), ...connector, ...files], platform.checks);
  const { check, job } = tryTemplate({ snapshot, run, baseImage, ...target });
  const mayRun = job !== undefined && !checks.some(isFailed);
  return {
    checks: [...fitOf(check, checks), ...checks],
    faults,
    ...(baseImage === undefined ? {} : { baseImage }),
    ...(mayRun ? { job } : {}),
  };
};

/** Whether a template can be made of the parts: said once, where another check failed for the same reason. */
const fitOf = (check: RunCheck | undefined, others: RunCheck[]): RunCheck[] => {
  if (check === undefined) return [passed('definition', 'A template can be made of its parts.')];
  return others.some((one) => isFailed(one) && one.errorId === check.errorId) ? [] : [check];
};

/** Where the platform speaks of the same thing, that ours is well says no more. */
const withoutDoubles = (own: RunCheck[], ofPlatform: RunCheck[]): RunCheck[] => {
  const told = new Set(ofPlatform.map(({ id }) => id));
  return [...own.filter(({ id, status }) => status !== 'pass' || !told.has(id)), ...ofPlatform];
};

type Template = Target & { snapshot: RunSnapshot; run: RunIdentity; baseImage: BaseImage | undefined };

/** The part that no template can be made of: what the error names, else what its id is about. */
const blame = ({ errorId, field }: PlatformError, snapshot: RunSnapshot): { field?: string } => {
  if (field !== undefined) return { field };
  if (errorId === 'text-not-usable') return {};
  if (errorId === 'base-image-not-found') return { field: imageField(snapshot) };
  if (errorId === 'resource-unavailable') return { field: `${imageField(snapshot)}/unattended/resourceIds` };
  return { field: '/builderConfiguration/settings' };
};

const tryTemplate = (input: Template): { job?: Job; check?: RunCheck } => {
  const platform = platformOf(input.snapshot.builderConfiguration.platform);
  try {
    const buildSite = platform.buildSite(input.snapshot);
    return { job: { bundle: compileBundle({ ...input, platform, takesLogin: true }), buildSite } };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const { errorId, message: detail } = error;
    return { check: { id: 'definition', status: 'fail', errorId, detail, ...blame(error, input.snapshot) } };
  }
};
