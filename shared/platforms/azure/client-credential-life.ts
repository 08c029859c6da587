import * as z from 'zod';
import { lifeOf, lifeUnknown, renewed } from '../credential-life.ts';
import type { ConnectionAccess, PlatformCheck } from '../platform.ts';
import type { AzureSnapshot } from './base-image.ts';
import type { Session } from './client-session.ts';
import { translateError } from './errors.ts';

/** "application resource type" and "passwordCredential" of Microsoft Graph 1.0. */
const application = z.object({
  passwordCredentials: z.array(
    z.object({ endDateTime: z.iso.datetime({ offset: true }).nullish(), hint: z.string().nullish() }),
  ),
});

const WHAT = 'The client secret';
const REMEDY =
  "Look at the application's secrets in Microsoft Entra, or give the application the permission Application.Read.All of Microsoft Graph, or use a workload identity, which has no secret.";
const unknown = (why: string): PlatformCheck => lifeUnknown('the client secret', why, REMEDY);

/** Microsoft tells the first three characters of a secret and never more: of several that begin alike any may be it. */
const HINT = 3;

const endsOf = (body: unknown, secret: string): (number | undefined)[] =>
  application
    .parse(body)
    .passwordCredentials.filter(({ hint }) => hint === secret.slice(0, HINT))
    .map(({ endDateTime: end }) => (typeof end === 'string' ? Date.parse(end) : undefined));

/** Whether the credentials of the connection outlast the longest that the run may take. */
export const lifeCheck = async (
  session: Session,
  { snapshot, decrypt }: Pick<ConnectionAccess<AzureSnapshot>, 'snapshot' | 'decrypt'>,
): Promise<PlatformCheck> => {
  const { auth } = snapshot.connection.settings;
  if (auth.type === 'workload-identity')
    return renewed('The token of the workload identity is renewed for as long as the build runs.');
  try {
    const body = await session.graph(`/v1.0/applications(appId='${auth.clientId}')`);
    const ends = endsOf(body, await decrypt(auth.clientSecret));
    if (ends.length === 0) return unknown('the application tells of no secret that begins like this one.');
    const known = ends.filter((end) => end !== undefined);
    return known.length < ends.length
      ? unknown('Microsoft tells no end of it.')
      : lifeOf(WHAT, known, snapshot, Date.now());
  } catch (error) {
    return unknown(`Microsoft Graph does not tell it: ${translateError(error).message}`);
  }
};
