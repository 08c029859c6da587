import { DescribeKeyCommand, type KeyMetadata, KMSClient } from '@aws-sdk/client-kms';
import { clientLimits } from './client-limits.ts';
import type { Session } from './client-session.ts';

/** A key of KMS as it is now: by id, alias or ARN. Throws when there is none or nobody may look. */
export const readKey = async (
  { identity }: Session,
  region: string,
  keyId: string,
): Promise<KeyMetadata | undefined> => {
  const kms = new KMSClient({ ...clientLimits, region, credentials: identity });
  return (await kms.send(new DescribeKeyCommand({ KeyId: keyId }))).KeyMetadata;
};

/** The alias of the key that AWS makes in each account and region, and that nobody else can be let in to. */
const MANAGED_ALIAS = 'alias/aws/ebs';

/** Whether a key is the one that AWS manages; undefined when that cannot be looked up. */
export const isManagedKey = async (
  session: Session,
  region: string,
  keyId: string,
): Promise<boolean | undefined> => {
  if (keyId.endsWith(MANAGED_ALIAS)) return true;
  try {
    return (await readKey(session, region, keyId))?.KeyManager === 'AWS';
  } catch {
    return undefined;
  }
};
