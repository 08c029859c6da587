import { randomBytes } from 'node:crypto';
import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { z } from 'zod';
import { localStack } from '../support/e2e-client.ts';
import { awsSettings, deployedFunction } from './inside.ts';

/** Who a token is of. */
export const idOf = async (token: string): Promise<string> => {
  const answer = await fetch(`${localStack().apiUrl}/v1/me`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return z.object({ id: z.string() }).parse(await answer.json()).id;
};

/** Somebody else: a person of the deployment's user pool who is in no workspace yet. */
export const makePerson = async () => {
  const { environment } = await deployedFunction('AccessApiFunction');
  const client = new CognitoIdentityProviderClient(awsSettings());
  const user = {
    UserPoolId: environment['TOKEN_ISSUER']?.split('/').at(-1),
    Username: `${randomBytes(6).toString('hex')}@example.test`,
  };
  const Password = `${randomBytes(24).toString('base64url')}-aA1`;
  await client.send(new AdminCreateUserCommand({ ...user, MessageAction: 'SUPPRESS' }));
  await client.send(new AdminSetUserPasswordCommand({ ...user, Password, Permanent: true }));
  const { AuthenticationResult: signedIn } = await client.send(
    new InitiateAuthCommand({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: environment['TOKEN_CLIENT_ID'],
      AuthParameters: { USERNAME: user.Username, PASSWORD: Password },
    }),
  );
  const token = z.string().parse(signedIn?.AccessToken);
  return { id: await idOf(token), token };
};
