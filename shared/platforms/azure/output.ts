import type { PackerArtifact } from '../../contracts/agent-protocol.ts';
import type { Locator } from '../../contracts/entities/image-version.ts';
import type { ArtifactContext, OutputFacts } from '../platform.ts';
import type { AzureSnapshot } from './base-image.ts';
import { isSameName, kinds, regionKey, runOfGroup, temporaryGroupName, vmName } from './names.ts';
import { GALLERY_VERSION, MANAGED_IMAGE, parseIdOf } from './resource-id.ts';

/** Packer's lines: `    azure-arm.image:  -> ResourceGroupName : 'x'`; the same words in 1.6 and in the newer plugin. */
const LINE = /(?:^|\s)-> (ResourceGroupName|ComputeName|IP Address)\s*: '([^'\s]+)'$/;

/** The names of a temporary group and of its VM both come from the run. */
const groupFacts = (group: string): OutputFacts => {
  const runId = runOfGroup(group);
  if (runId === undefined) return {};
  return {
    buildVm: { kind: kinds.vm, locator: `${group}/${vmName(runId)}` },
    temporaries: [{ kind: kinds.resourceGroup, id: group }],
  };
};

/** What one line of `azure-arm` output says about the machine and the temporary resources of a build. */
export const readOutput = (text: string): OutputFacts => {
  const [, what, value] = LINE.exec(text.trimEnd()) ?? [];
  if (what === undefined || value === undefined) return {};
  if (what === 'ResourceGroupName') return groupFacts(value);
  return what === 'IP Address' ? { buildVm: { address: value } } : {};
};

/** The builder id of `azure-arm` artifacts. */
const BUILDER_ID = 'Azure.ResourceManagement.VMImage';

const fieldOf = (description: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.+)$`, 'm').exec(description)?.[1]?.trim();

/** Where a version goes by the settings: Packer 1.6 does not tell. */
const configuredRegions = ({ builderConfiguration: builder }: AzureSnapshot): string[] => {
  if (builder.builderType !== 'azure-gallery') return [];
  const { sharedImageGalleryDestination: to, location } = builder.settings;
  const named = to.replicationRegions ?? to.targetRegion?.map(({ name }) => name) ?? [];
  return location === undefined ? named : [...named, location];
};

const readVersion = ({ description }: PackerArtifact, snapshot: AzureSnapshot): Locator[] => {
  const parts = parseIdOf(GALLERY_VERSION, fieldOf(description, 'ManagedImageSharedImageGalleryId') ?? '');
  const [gallery, definition, version] = parts?.names ?? [];
  if (parts === undefined || gallery === undefined || definition === undefined || version === undefined)
    return [];
  const told = fieldOf(description, 'SharedImageGalleryReplicatedRegions')?.split(/,\s*/);
  const regions = [...new Set((told ?? configuredRegions(snapshot)).map(regionKey))];
  const { subscriptionId, resourceGroup } = parts;
  return [{ role: 'primary', subscriptionId, resourceGroup, gallery, definition, version, regions }];
};

const readManaged = ({ description }: PackerArtifact, role: 'primary' | 'copy'): Locator[] => {
  const resourceId = fieldOf(description, 'ManagedImageId') ?? '';
  const parts = parseIdOf(MANAGED_IMAGE, resourceId);
  const location = fieldOf(description, 'ManagedImageLocation');
  const imageName = parts?.names[0];
  if (parts === undefined || imageName === undefined || location === undefined) return [];
  const { subscriptionId, resourceGroup } = parts;
  return [{ role, subscriptionId, resourceGroup, imageName, resourceId, location: regionKey(location) }];
};

/**
 * The images of an artifact. A managed image on the way into a gallery is a copy of it, but for one in the temporary
 * resource group, which is gone with it by now.
 */
export const readArtifact = (
  artifact: PackerArtifact,
  { snapshot, run }: ArtifactContext<AzureSnapshot>,
): Locator[] => {
  if (artifact.builderId !== BUILDER_ID) return [];
  const versions = readVersion(artifact, snapshot);
  if (versions.length === 0) return readManaged(artifact, 'primary');
  const gone = temporaryGroupName(run.runId);
  const copies = readManaged(artifact, 'copy').filter(
    (locator) => 'resourceGroup' in locator && !isSameName(locator.resourceGroup, gone),
  );
  return [...versions, ...copies];
};
