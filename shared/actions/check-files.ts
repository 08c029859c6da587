import type { RunSnapshot, SnapshotFile } from '../contracts/snapshot.ts';
import { imageField } from '../platforms/checks.ts';
import type { ResourceFiles } from '../store/resource-files.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import { passed, type RunCheck } from './run-checks.ts';
import { LATE, within } from './within.ts';

export type FileLooker = {
  resources: Pick<ResourceFiles, 'inspect'>;
  scope: WorkspaceScope;
  limitMs: number;
};

/**
 * Whether the uploaded files of a run are there as they were announced: each is asked of the bucket, all at the same
 * time. What cannot be asked is a warning: the runner looks at every byte again.
 */
export const fileChecks = async (looker: FileLooker, snapshot: RunSnapshot): Promise<RunCheck[]> => {
  const { files } = snapshot;
  if (files.length === 0) return [passed('resources', 'The run uses no uploaded files.')];
  const found = await Promise.all(files.map((file) => checkOf(looker, snapshot, file)));
  const bad = found.filter((check) => check !== undefined);
  if (bad.length > 0) return bad;
  return [passed('resources', `The ${files.length} uploaded files of the run are there.`)];
};

const checkOf = async (
  { resources, scope, limitMs }: FileLooker,
  snapshot: RunSnapshot,
  file: SnapshotFile,
): Promise<RunCheck | undefined> => {
  const { name, version, objectVersion } = file;
  const check = { id: 'resources', field: fieldOf(snapshot, file), errorId: 'resource-unavailable' as const };
  try {
    const found = await within(limitMs, resources.inspect(scope, file, objectVersion));
    if (found === LATE) throw new Error('it took too long');
    const fault = faultOf(file, found);
    if (fault === undefined) return undefined;
    return { ...check, status: 'fail', detail: `Version ${version} of ${name} ${fault}.` };
  } catch {
    const detail = `Version ${version} of ${name} could not be looked at.`;
    return { ...check, status: 'warn', detail, remedy: 'Check again.' };
  }
};

type Found = Awaited<ReturnType<ResourceFiles['inspect']>>;

const faultOf = ({ sizeBytes, sha256 }: SnapshotFile, found: Found): string | undefined => {
  if (found === undefined) return 'is not in the store any more';
  if (found.sizeBytes !== sizeBytes) return `has ${found.sizeBytes} bytes instead of ${sizeBytes}`;
  return found.sha256 === undefined || found.sha256 === sha256 ? undefined : 'has another checksum';
};

/** Who uses a file: a step of the role, else the installation of the operating system. */
const fieldOf = (snapshot: RunSnapshot, { resourceId }: SnapshotFile): string => {
  const isOfStep = snapshot.steps.some(
    ({ provisioner }) => 'resourceId' in provisioner && provisioner.resourceId === resourceId,
  );
  return isOfStep ? '/provisionerRole/groupIds' : `${imageField(snapshot)}/unattended/resourceIds`;
};
