import { AssumeRoleCommand, GetWebIdentityTokenCommand, STSClient } from '@aws-sdk/client-sts';
import type { IdentityToken } from '../contracts/agent-protocol.ts';
import { callLimits } from '../store/call-limits.ts';

/** A session of a role that was taken by a role lives an hour at most; the token must end before it. */
const TOKEN_SECONDS = 1800;

/**
 * Tokens (JWT) that say who this deployment is, signed by AWS: outbound identity federation of IAM. Every function asks
 * as the same role, so that whoever trusts the deployment trusts one subject. Undefined where the deployment has no such
 * role. Throws what STS says.
 */
export const identityTokens = (
  roleArn: string,
): ((audience: string) => Promise<IdentityToken>) | undefined =>
  roleArn === '' ? undefined : (audience) => askForToken(roleArn, audience);

const askForToken = async (roleArn: string, audience: string): Promise<IdentityToken> => {
  const own = new STSClient(callLimits);
  const { Credentials: session } = await own.send(
    new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'identity' }),
  );
  if (session?.AccessKeyId === undefined || session.SecretAccessKey === undefined)
    throw new Error('no session of the identity role');
  const credentials = {
    accessKeyId: session.AccessKeyId,
    secretAccessKey: session.SecretAccessKey,
    ...(session.SessionToken === undefined ? {} : { sessionToken: session.SessionToken }),
  };
  const request = new GetWebIdentityTokenCommand({
    Audience: [audience],
    SigningAlgorithm: 'RS256',
    DurationSeconds: TOKEN_SECONDS,
  });
  const { WebIdentityToken: token, Expiration: expires } = await new STSClient({
    ...callLimits,
    credentials,
  }).send(request);
  if (token === undefined) throw new Error('no identity token');
  return { token, ...(expires === undefined ? {} : { expiresAt: expires.toISOString() }) };
};
