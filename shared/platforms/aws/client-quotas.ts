import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  NoSuchResourceException,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { clientLimits } from './client-limits.ts';
import type { Session } from './client-session.ts';

const SERVICE = 'ec2';

/**
 * What a quota of EC2 is in the session's region: the account's own, or where it never had one of its own what AWS gives
 * to every account. Undefined when there is no such quota. Throws when it may not be asked.
 */
export const readQuota = async ({ region, identity }: Session, code: string): Promise<number | undefined> => {
  const client = new ServiceQuotasClient({ ...clientLimits, region, credentials: identity });
  const request = { ServiceCode: SERVICE, QuotaCode: code };
  try {
    return (await client.send(new GetServiceQuotaCommand(request))).Quota?.Value;
  } catch (error) {
    if (!(error instanceof NoSuchResourceException)) throw error;
  }
  try {
    return (await client.send(new GetAWSDefaultServiceQuotaCommand(request))).Quota?.Value;
  } catch (error) {
    if (error instanceof NoSuchResourceException) return undefined;
    throw error;
  }
};
