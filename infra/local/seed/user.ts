/** The seeded owner: a user of the deployment's own user pool. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
  UsernameExistsException,
} from '@aws-sdk/client-cognito-identity-provider';
import { EMULATOR_CREDENTIALS, REGION, type StackPaths } from '../stack/settings.ts';

/** Name of the seeded owner in the user pool. */
export const OWNER = 'owner@goldsmith.local';

export interface UserPool {
  endpoint: string;
  userPoolId: string;
  clientId: string;
}

/** A user's access token and how long it is good for. */
export interface AccessToken {
  token: string;
  expiresInSeconds: number;
}

/** Makes the owner, or gives the owner the remembered password again. Can be repeated. */
export async function ensureOwner(paths: StackPaths, pool: UserPool): Promise<void> {
  const client = clientOf(pool);
  const user = { UserPoolId: pool.userPoolId, Username: OWNER };
  try {
    await client.send(
      new AdminCreateUserCommand({
        ...user,
        MessageAction: 'SUPPRESS',
        UserAttributes: [
          { Name: 'email', Value: OWNER },
          { Name: 'email_verified', Value: 'true' },
        ],
      }),
    );
  } catch (error) {
    if (!(error instanceof UsernameExistsException)) throw error;
  }
  const Password = await readPassword(paths);
  await client.send(new AdminSetUserPasswordCommand({ ...user, Password, Permanent: true }));
}

/** Signs the owner in. @throws Error when the user pool gives no token */
export async function signIn(paths: StackPaths, pool: UserPool): Promise<AccessToken> {
  const answer = await clientOf(pool).send(
    new InitiateAuthCommand({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: pool.clientId,
      AuthParameters: { USERNAME: OWNER, PASSWORD: await readPassword(paths) },
    }),
  );
  const { AccessToken: token, ExpiresIn: expiresInSeconds } = answer.AuthenticationResult ?? {};
  if (token === undefined || expiresInSeconds === undefined)
    throw new Error(
      `The user pool did not sign ${OWNER} in: it asks for ${answer.ChallengeName ?? 'something else'}`,
    );
  return { token, expiresInSeconds };
}

function clientOf({ endpoint }: UserPool): CognitoIdentityProviderClient {
  return new CognitoIdentityProviderClient({ endpoint, region: REGION, credentials: EMULATOR_CREDENTIALS });
}

/** The password is random and known to this folder's owner only; it is never needed to use Goldsmith here. */
async function readPassword(paths: StackPaths): Promise<string> {
  const file = join(paths.home, 'owner-password');
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return known;
  // The suffix holds one of each kind of character that a user pool can ask for.
  const made = `${randomBytes(24).toString('base64url')}-aA1`;
  await writeFile(file, made, { mode: 0o600 });
  return made;
}
