import * as z from 'zod';
import { lifeOf, lifeUnknown, renewed } from '../credential-life.ts';
import type { ConnectionAccess, PlatformCheck } from '../platform.ts';
import type { GcpSnapshot } from './base-image.ts';
import type { Session } from './client-session.ts';
import { translateError } from './errors.ts';

const keyFile = z.looseObject({ client_email: z.string(), private_key_id: z.string() });
/** "ServiceAccountKey" of the IAM API. A key without an end is told as one that ends in 9999. */
const keyAnswer = z.looseObject({ validBeforeTime: z.iso.datetime() });

const REMEDY =
  'Give the service account the permission iam.serviceAccountKeys.get on itself, or look at its keys in the console, or use a workload identity, which has no key.';

/** Whether the credentials of the connection outlast the longest that the run may take. */
export const lifeCheck = async (
  session: Session,
  { snapshot, decrypt }: Pick<ConnectionAccess<GcpSnapshot>, 'snapshot' | 'decrypt'>,
): Promise<PlatformCheck> => {
  const { auth } = snapshot.connection.settings;
  if (auth.type === 'workload-identity')
    return renewed('The token of the workload identity is renewed for as long as the build runs.');
  try {
    const { client_email: email, private_key_id: id } = keyFile.parse(
      JSON.parse(await decrypt(auth.credentialsJson)),
    );
    const url = `https://iam.googleapis.com/v1/projects/-/serviceAccounts/${email}/keys/${encodeURIComponent(id)}`;
    const { validBeforeTime } = keyAnswer.parse(await session.request('GET', url));
    return lifeOf('The key of the service account', [Date.parse(validBeforeTime)], snapshot, Date.now());
  } catch (error) {
    const why = `Google does not tell it: ${translateError(error).message}`;
    return lifeUnknown('the key of the service account', why, REMEDY);
  }
};
