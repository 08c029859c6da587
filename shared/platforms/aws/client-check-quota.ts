import { type Instance, paginateDescribeInstances, paginateDescribeInstanceTypes } from '@aws-sdk/client-ec2';
import type { AmazonEbsSettings } from '../../contracts/platforms/aws.ts';
import { fails, passes, setting, warns } from '../checks.ts';
import type { PlatformCheck } from '../platform.ts';
import { filter, type Session } from './client-session.ts';
import { translateError } from './errors.ts';
import { type MachineQuota, type Market, quotaOfMachine } from './machine-quotas.ts';

const ID = 'quota';
const field = setting('instanceType');

/** vCPUs of each machine type as it comes, by its name. A quota counts all of them, however many are switched on. */
const processorsOf = async ({ ec2, region }: Session, types: string[]): Promise<Map<string, number>> => {
  const found = new Map<string, number>();
  // A filter: asking for a type by its name is an error when the SDK or the region does not know it.
  const request = { Filters: [filter('instance-type', ...types)] };
  for await (const { InstanceTypes: some = [] } of paginateDescribeInstanceTypes(
    { client: ec2(region) },
    request,
  ))
    for (const { InstanceType: type, VCpuInfo: info } of some)
      if (type !== undefined && info?.DefaultVCpus !== undefined) found.set(type, info.DefaultVCpus);
  return found;
};

const marketOf = ({ InstanceLifecycle: lifecycle }: Instance): Market =>
  lifecycle === 'spot' ? 'spot' : 'on-demand';

/** Machine types of all machines that count against a quota now; those on hosts of their own count against none. */
const runningTypes = async (
  { ec2, region }: Session,
  market: Market,
  { code }: MachineQuota,
): Promise<string[]> => {
  const types: string[] = [];
  const request = { Filters: [filter('instance-state-name', 'pending', 'running')] };
  for await (const { Reservations: reservations = [] } of paginateDescribeInstances(
    { client: ec2(region) },
    request,
  ))
    for (const one of reservations.flatMap(({ Instances }) => Instances ?? [])) {
      const { InstanceType: type, Placement: placement } = one;
      if (type === undefined || placement?.Tenancy === 'host' || marketOf(one) !== market) continue;
      if (quotaOfMachine(type, market)?.code === code) types.push(type);
    }
  return types;
};

type Room = { quota: number; used: number; wanted: number };

/** Undefined where somebody does not say a number that is needed: half a sum is worse than none. */
const roomOf = async (
  session: Session,
  type: string,
  market: Market,
  quota: MachineQuota,
): Promise<Room | undefined> => {
  const { readQuota } = await import('./client-quotas.ts');
  const [limit, running] = await Promise.all([
    readQuota(session, quota.code),
    runningTypes(session, market, quota),
  ]);
  const processors = await processorsOf(session, [...new Set([type, ...running])]);
  const counted = [type, ...running].map((one) => processors.get(one));
  const [wanted, ...used] = counted.flatMap((count) => count ?? []);
  if (limit === undefined || wanted === undefined || used.length < running.length) return undefined;
  return { quota: limit, used: used.reduce((sum, one) => sum + one, 0), wanted };
};

/** Not answered: the build may well work, and a person can look. */
const unseen = (
  { region }: Session,
  { type, market, quota, why }: { type: string; market: Market; quota?: MachineQuota; why: string },
): PlatformCheck => {
  const detail = `Whether the account's quota has room for one more ${type} in ${region} is not known: ${why}`;
  const where =
    quota === undefined ? `the ${market} instances of this family` : `${quota.name} (${quota.code})`;
  const remedy = `Look at Service Quotas, Amazon EC2, ${where}, in ${region}.`;
  return warns(ID, { detail, field, errorId: 'quota-exceeded', remedy });
};

const isRefused = (error: unknown): boolean =>
  error instanceof Error && error.name.startsWith('AccessDenied');

const unanswered = (
  session: Session,
  asked: { type: string; market: Market; quota: MachineQuota },
  error: unknown,
): PlatformCheck => {
  const { message } = translateError(error);
  const check = unseen(session, { ...asked, why: message });
  if (!isRefused(error)) return check;
  const allow =
    'Allow servicequotas:GetServiceQuota and servicequotas:GetAWSDefaultServiceQuota, or look yourself.';
  return { ...check, remedy: `${allow} ${check.remedy ?? ''}`.trim() };
};

const judged = (
  { region }: Session,
  type: string,
  { code, name }: MachineQuota,
  { quota, used, wanted }: Room,
): PlatformCheck => {
  const detail = `${type} needs ${wanted} vCPUs, and of the ${quota} of "${name}" (${code}) in ${region} ${used} are used.`;
  if (used + wanted <= quota) return passes(ID, detail);
  const remedy =
    wanted > quota
      ? `Ask AWS for ${wanted} or more of ${name} in ${region} (Service Quotas, Amazon EC2, ${code}), or name a smaller instanceType.`
      : `End machines that are not needed, ask AWS for ${used + wanted} or more of ${name} in ${region} (Service Quotas, Amazon EC2, ${code}), or name a smaller instanceType.`;
  return fails(ID, { detail, field, errorId: 'quota-exceeded', remedy });
};

/**
 * Whether the account may have one more machine of the builder's type, in vCPUs, beside those that run now. Reservations
 * of capacity that nobody uses count for AWS and not here, so that a pass is no promise.
 */
export const quotaChecks = async (
  session: Session,
  { instanceType: type, spotPrice }: AmazonEbsSettings,
): Promise<PlatformCheck[]> => {
  const market: Market = spotPrice === undefined ? 'on-demand' : 'spot';
  const quota = quotaOfMachine(type, market);
  if (quota === undefined)
    return [unseen(session, { type, market, why: 'no quota of this family is known here.' })];
  try {
    const room = await roomOf(session, type, market, quota);
    if (room === undefined)
      return [unseen(session, { type, market, quota, why: 'AWS does not tell all numbers of it.' })];
    return [judged(session, type, quota, room)];
  } catch (error) {
    return [unanswered(session, { type, market, quota }, error)];
  }
};
