import type { ResourceVersionStored } from '../../contracts/entities/resource.ts';
import type { FieldError } from '../../contracts/problem.ts';
import { currentVersion } from '../resource/versions.ts';
import { likelyImages, type Parts } from './fit.ts';

/** An uploaded file that a run would use: who uses it, and the field of the definition that leads there. */
export type FileUse = {
  user: string;
  pointer: string;
  resourceId: string;
  resourceVersion?: number | undefined;
};
export type FileVersions = {
  name: string;
  versions: Pick<ResourceVersionStored, 'version' | 'availableAt'>[];
};
type Step = { name: string; resourceId?: string | undefined; resourceVersion?: number | undefined };

/** Every uploaded file that a run of these parts would use: of its steps and of an unattended installation. */
export const fileUses = (parts: Parts & { steps: readonly Step[] }): FileUse[] => {
  const ofSteps = parts.steps.flatMap(({ name, resourceId, resourceVersion }): FileUse[] =>
    resourceId === undefined
      ? []
      : [{ user: `provisioner ${name}`, pointer: '/provisionerRoleId', resourceId, resourceVersion }],
  );
  const ids = likelyImages(parts).flatMap((image) =>
    'unattended' in image ? (image.unattended?.resourceIds ?? []) : [],
  );
  const user = parts.operatingSystem?.name ?? '';
  return [...ofSteps, ...ids.map((resourceId) => ({ user, pointer: '/operatingSystemId', resourceId }))];
};

const faultOf = ({ resourceVersion }: FileUse, file: FileVersions | undefined): string | undefined => {
  if (file === undefined) return 'its file is gone';
  if (resourceVersion === undefined)
    return currentVersion(file.versions) === undefined ? `${file.name} has no content yet` : undefined;
  const version = file.versions.find((one) => one.version === resourceVersion);
  if (version === undefined) return `${file.name} has no version ${resourceVersion}`;
  return version.availableAt === undefined
    ? `version ${resourceVersion} of ${file.name} has no content`
    : undefined;
};

/** The uses of files whose content is not there: warned of when a definition is read, in the way when it is run. */
export const unusableFiles = (
  uses: readonly FileUse[],
  files: ReadonlyMap<string, FileVersions>,
): FieldError[] =>
  uses.flatMap((use) => {
    const fault = faultOf(use, files.get(use.resourceId));
    const detail = `${use.user}: ${fault}`;
    return fault === undefined ? [] : [{ pointer: use.pointer, code: 'resource-not-available', detail }];
  });
