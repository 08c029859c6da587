import {
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  type Image,
  type InstanceTypeInfo,
} from '@aws-sdk/client-ec2';
import { fails, listed, passes, setting } from '../checks.ts';
import type { PlatformCheck } from '../platform.ts';
import type { AwsSnapshot } from './base-image.ts';
import { filter, type Session } from './client-session.ts';

const ID = 'machine-type';
const field = setting('instanceType');

const readType = async ({ ec2, region }: Session, type: string): Promise<InstanceTypeInfo | undefined> => {
  // A filter: asking for a type by its name is an error when the SDK or the region does not know it.
  const request = new DescribeInstanceTypesCommand({ Filters: [filter('instance-type', type)] });
  const { InstanceTypes: types = [] } = await ec2(region).send(request);
  return types[0];
};

const zonesOf = async ({ ec2, region }: Session, type: string): Promise<string[]> => {
  const { InstanceTypeOfferings: offerings = [] } = await ec2(region).send(
    new DescribeInstanceTypeOfferingsCommand({
      LocationType: 'availability-zone',
      Filters: [filter('instance-type', type)],
    }),
  );
  return offerings.flatMap(({ Location }) => Location ?? []);
};

/** Why the base image, as it is, cannot be started on the type; undefined where nothing speaks against it. */
const misfitOf = (
  { SupportedVirtualizationTypes: kinds = [], NetworkInfo: network }: InstanceTypeInfo,
  { VirtualizationType: kind, EnaSupport: hasEna }: Image,
): string | undefined => {
  if (kind !== undefined && kinds.length > 0 && !kinds.includes(kind))
    return `runs ${listed(kinds)}, the base image is ${kind}`;
  return network?.EnaSupport === 'required' && hasEna === false
    ? 'needs enhanced networking (ENA), which the base image does not have'
    : undefined;
};

/** Whether the region, and the zone of the subnet where one is known, has such machines, and they run the base image. */
export const machineChecks = async (
  session: Session,
  snapshot: AwsSnapshot,
  { zone, image }: { zone: string | undefined; image: Image | undefined },
): Promise<PlatformCheck[]> => {
  const { instanceType: type } = snapshot.builderConfiguration.settings;
  const { architecture } = snapshot.operatingSystem;
  const [found, zones] = await Promise.all([readType(session, type), zonesOf(session, type)]);
  if (found === undefined) {
    const detail = `${session.region} has no machine type ${type}.`;
    return [fails(ID, { detail, field, errorId: 'instance-type-invalid' })];
  }
  const { SupportedArchitectures: architectures = [] } = found.ProcessorInfo ?? {};
  if (architectures.every((one) => one !== architecture)) {
    const detail = `${type} is for ${listed(architectures)}, the base image for ${architecture}.`;
    return [fails(ID, { detail, field, errorId: 'architecture-mismatch' })];
  }
  const misfit = image === undefined ? undefined : misfitOf(found, image);
  if (misfit !== undefined)
    return [fails(ID, { detail: `${type} ${misfit}.`, field, errorId: 'instance-type-invalid' })];
  if (zone !== undefined && !zones.includes(zone)) {
    const detail = `${type} is not offered in ${zone}, the zone of the subnet, but in: ${listed(zones)}.`;
    return [fails(ID, { detail, field, errorId: 'instance-type-invalid' })];
  }
  return [passes(ID, `${type} is offered in ${zone ?? session.region} and runs ${architecture}.`)];
};
