import { DescribeInstanceTypeOfferingsCommand, DescribeInstanceTypesCommand } from '@aws-sdk/client-ec2';
import { fails, listed, passes, setting } from '../checks.ts';
import type { PlatformCheck } from '../platform.ts';
import type { AwsSnapshot } from './base-image.ts';
import { filter, type Session } from './client-session.ts';

const ID = 'machine-type';
const field = setting('instanceType');

const architecturesOf = async ({ ec2, region }: Session, type: string): Promise<string[] | undefined> => {
  // A filter: asking for a type by its name is an error when the SDK or the region does not know it.
  const request = new DescribeInstanceTypesCommand({ Filters: [filter('instance-type', type)] });
  const { InstanceTypes: types = [] } = await ec2(region).send(request);
  return types[0]?.ProcessorInfo?.SupportedArchitectures;
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

/** Whether the region, and the zone of the subnet where one is known, has such machines, and they run the base image. */
export const machineChecks = async (
  session: Session,
  snapshot: AwsSnapshot,
  zone: string | undefined,
): Promise<PlatformCheck[]> => {
  const { instanceType: type } = snapshot.builderConfiguration.settings;
  const { architecture } = snapshot.operatingSystem;
  const [architectures, zones] = await Promise.all([architecturesOf(session, type), zonesOf(session, type)]);
  if (architectures === undefined) {
    const detail = `${session.region} has no machine type ${type}.`;
    return [fails(ID, { detail, field, errorId: 'instance-type-invalid' })];
  }
  if (!architectures.includes(architecture)) {
    const detail = `${type} is for ${listed(architectures)}, the base image for ${architecture}.`;
    return [fails(ID, { detail, field, errorId: 'architecture-mismatch' })];
  }
  if (zone !== undefined && !zones.includes(zone)) {
    const detail = `${type} is not offered in ${zone}, the zone of the subnet, but in: ${listed(zones)}.`;
    return [fails(ID, { detail, field, errorId: 'instance-type-invalid' })];
  }
  return [passes(ID, `${type} is offered in ${zone ?? session.region} and runs ${architecture}.`)];
};
