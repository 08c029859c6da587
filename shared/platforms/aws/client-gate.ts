import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { credentialsAfter, fails, listed, passes, warns } from '../checks.ts';
import { type PlatformCheck, PlatformError } from '../platform.ts';
import { clientLimits } from './client-limits.ts';
import type { Session } from './client-session.ts';
import { isOfRegion, translateError } from './errors.ts';

/** A region that is needed, and the field that names it. */
export type NeededRegion = { region: string; field: string };
type Fields = { auth: string; regions: NeededRegion[] };

/** Who the credentials belong to. */
export type Caller = { accountId: string; arn: string };
export type Gate = { checks: PlatformCheck[]; caller?: Caller };

const callerOf = async ({ region, identity }: Session): Promise<Caller> => {
  const sts = new STSClient({ ...clientLimits, region, credentials: identity });
  const { Account: accountId, Arn: arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
  if (accountId === undefined) throw new PlatformError('credentials-invalid', 'The account is not known.');
  return { accountId, arn };
};

const regionFailure = ({ region, field }: NeededRegion, why: string): PlatformCheck =>
  fails('region', { detail: `The region ${region} ${why}.`, field, errorId: 'region-invalid' });

const regionChecks = async ({ ec2, region }: Session, needed: NeededRegion[]): Promise<PlatformCheck[]> => {
  const { Regions: regions = [] } = await ec2(region).send(new DescribeRegionsCommand({ AllRegions: true }));
  const states = new Map(regions.map(({ RegionName, OptInStatus }) => [RegionName, OptInStatus]));
  const wrong = needed.flatMap((one) => {
    if (!states.has(one.region)) return [regionFailure(one, 'does not exist')];
    return states.get(one.region) === 'not-opted-in'
      ? [regionFailure(one, 'is not enabled in this account')]
      : [];
  });
  const names = listed(needed.map((one) => one.region));
  return wrong.length > 0 ? wrong : [passes('region', `Enabled in the account: ${names}.`)];
};

const lookAtRegions = async (session: Session, needed: NeededRegion[]): Promise<PlatformCheck[]> => {
  const [own] = needed;
  try {
    return await regionChecks(session, needed);
  } catch (error) {
    const { errorId, message } = translateError(error);
    if (own !== undefined && isOfRegion(message, own.region)) return [regionFailure(own, 'does not exist')];
    return [warns('region', { detail: `The regions could not be listed: ${message}`, errorId })];
  }
};

/**
 * Whether the credentials let anybody in and the regions are there: without both nothing else can be looked at, and
 * then there is no caller. The first of the regions is the one of the session.
 */
export const passGate = async (session: Session, { auth, regions }: Fields): Promise<Gate> => {
  const [own] = regions;
  try {
    const caller = await callerOf(session);
    const credentials = passes('credentials', `The credentials are of account ${caller.accountId}.`);
    const checks = await lookAtRegions(session, regions);
    const isOpen = checks.every(({ status }) => status !== 'fail');
    return { checks: [credentials, ...checks], ...(isOpen ? { caller } : {}) };
  } catch (error) {
    const told = translateError(error);
    const { message: detail } = told;
    if (own !== undefined && isOfRegion(detail, own.region))
      return { checks: [regionFailure(own, 'does not exist')] };
    return { checks: [credentialsAfter(told, auth)] };
  }
};
