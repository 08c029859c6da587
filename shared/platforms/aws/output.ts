import type { PackerArtifact } from '../../contracts/agent-protocol.ts';
import type { Locator } from '../../contracts/entities/image-version.ts';
import { awsLocator } from '../../contracts/platforms/locators.ts';
import type { ArtifactContext, OutputFacts } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { type AwsSnapshot, regionOf } from './base-image.ts';
import { isPackersGroup, isPackersProfile, kinds } from './names.ts';

const PREFIX = /^(==>|\s)\s*(\S+: )\s*/;

/** Lines of Packer that tell a fact; the same words in Packer 1.6 and in the plugin of modern Packer. */
const readers: { pattern: RegExp; read: (value: string) => OutputFacts }[] = [
  {
    pattern: /^Instance ID: (i-[0-9a-f]{8,17})$/,
    read: (id) => ({
      buildVm: { kind: kinds.instance, locator: id },
      temporaries: [{ kind: kinds.instance, id }],
    }),
  },
  {
    pattern: /^Using (?:ssh|winrm) communicator to connect: (\S+)$/i,
    read: (address) => ({ buildVm: { address } }),
  },
  {
    pattern: /^Creating temporary keypair: (goldsmith-\S+)$/,
    read: (id) => ({ temporaries: [{ kind: kinds.keyPair, id }] }),
  },
  {
    pattern: /^Creating temporary security group for this instance: (\S+)$/,
    read: (id) => (isPackersGroup(id) ? { temporaries: [{ kind: kinds.securityGroup, id }] } : {}),
  },
  {
    pattern: /^Creating temporary instance profile for this instance: (\S+)$/,
    read: (id) => (isPackersProfile(id) ? { temporaries: [{ kind: kinds.instanceProfile, id }] } : {}),
  },
  {
    pattern: /^Created Spot Fleet launch template: (lt-[0-9a-f]{8,17})$/,
    read: (id) => ({ temporaries: [{ kind: kinds.launchTemplate, id }] }),
  },
];

/** What one line of `amazon-ebs` output says about the machine and the temporary resources of a build. */
export const readOutput = (text: string): OutputFacts => {
  const line = text.replace(PREFIX, '').trim();
  for (const { pattern, read } of readers) {
    const value = pattern.exec(line)?.[1];
    if (value !== undefined) return read(value);
  }
  return {};
};

/** The builder id of `amazon-ebs` artifacts. */
const BUILDER_ID = 'mitchellh.amazonebs';

/**
 * AMIs in an artifact id such as `eu-central-1:ami-1,us-east-1:ami-2`, in which Packer sorts the regions by name: the
 * one in the region of the build is the primary one and comes first, all others are copies.
 */
export const readArtifact = (
  artifact: PackerArtifact,
  { snapshot, run, accountId }: ArtifactContext<AwsSnapshot>,
): Locator[] => {
  if (artifact.builderId !== BUILDER_ID) return [];
  const found = artifact.id.split(',').flatMap((part) => {
    const [region, amiId] = part.trim().split(':');
    const locator = awsLocator.safeParse({
      role: region === regionOf(snapshot) ? 'primary' : 'copy',
      region,
      accountId,
      amiId,
      amiName: finalName(snapshot, run),
    });
    return locator.success && /^ami-[0-9a-f]+$/.test(locator.data.amiId) ? [locator.data] : [];
  });
  return [...found.filter(({ role }) => role === 'primary'), ...found.filter(({ role }) => role === 'copy')];
};
