import type { TemplateObject } from '../expression.ts';
import { variable } from '../expression.ts';
import { PlatformError, type Source, type SourceInput } from '../platform.ts';
import { type AwsImage, type AwsSnapshot, amisOf, awsImageOf, regionOf } from './base-image.ts';

type Found = { body: TemplateObject; variables?: Source['variables'] };

/** Variable of a template that starts from the AMI in a parameter of Systems Manager, which Packer cannot read. */
const BASE_IMAGE = 'base_image';

/** What every filter of ours asks for beside the name; the builder cannot start from anything else. */
export const filterOf = (nameFilter: string, architecture: string): Record<string, string> => ({
  name: nameFilter,
  architecture,
  state: 'available',
  'root-device-type': 'ebs',
  'virtualization-type': 'hvm',
});

const lookedUp = (snapshot: AwsSnapshot, image: AwsImage): Found => {
  if (image.type === 'aws-ami') return { body: { source_ami: image.amiId } };
  if (image.type === 'image-definition') return { body: { source_ami: layerAmi(snapshot).amiId } };
  if (image.type === 'aws-ssm-parameter') {
    const from = `the AMI id that the parameter ${image.parameter} holds`;
    return { body: { source_ami: variable(BASE_IMAGE) }, variables: [{ name: BASE_IMAGE, from }] };
  }
  const filters = filterOf(image.nameFilter, snapshot.operatingSystem.architecture);
  return { body: { source_ami_filter: { filters, owners: image.owners, most_recent: true } } };
};

/** The image as it was resolved; without one the template finds it as the operating system says. */
export const sourceImage = ({ snapshot, baseImage }: SourceInput<AwsSnapshot>): Found =>
  baseImage === undefined
    ? lookedUp(snapshot, demandImage(snapshot))
    : { body: { source_ami: baseImage.id } };

/** The image of the operating system for this build. Throws PlatformError when there is none. */
export const demandImage = (snapshot: AwsSnapshot): AwsImage => {
  const image = awsImageOf(snapshot);
  if (image !== undefined) return image;
  const message = `The operating system "${snapshot.operatingSystem.name}" has no image for this connection in ${regionOf(snapshot)}.`;
  throw new PlatformError('base-image-not-found', message);
};

/** The AMI of the image that this one builds on, in the build's region. Throws PlatformError when there is none. */
export const layerAmi = (snapshot: AwsSnapshot): { amiId: string; name: string } => {
  const { layer } = snapshot;
  const region = regionOf(snapshot);
  const locator = amisOf(layer?.locators ?? []).find((one) => one.region === region);
  if (layer !== undefined && locator !== undefined) return { amiId: locator.amiId, name: layer.name };
  const message = `${layer?.name ?? 'The image that this one builds on'} has no AMI in ${region}.`;
  throw new PlatformError('base-image-not-found', message);
};
