/** Where people sign in. What is made here must outlive a deployment: its users are nowhere else. */
import { Aws, Duration, type RemovalPolicy, type Stack, Validations } from 'aws-cdk-lib';
import {
  AccountRecovery,
  CfnManagedLoginBranding,
  ManagedLoginVersion,
  Mfa,
  OAuthScope,
  UserPool,
  type UserPoolClient,
  type UserPoolDomain,
} from 'aws-cdk-lib/aws-cognito';
import { leftOutLocally } from '../config/left-out-locally.ts';
import type { Stage } from '../config/stage.ts';

export type SignIn = { userPool: UserPool; userPoolClient: UserPoolClient; signInUrl: string };

/** The user pool, its one public client, and Cognito's own pages to sign in with (authorization code with PKCE). */
export function signIn(stack: Stack, stage: Stage, removalPolicy: RemovalPolicy): SignIn {
  const userPool = pool(stack, stage, removalPolicy);
  const domain = hostedPages(userPool, stage);
  const userPoolClient = client(userPool, stage);
  leftOutLocally(stage, 'managed-login-branding', () => {
    // Without a style, also the plain one, the pages are not shown.
    const branding = new CfnManagedLoginBranding(stack, 'SignInStyle', {
      userPoolId: userPool.userPoolId,
      clientId: userPoolClient.userPoolClientId,
      useCognitoProvidedValues: true,
    });
    branding.node.addDependency(domain);
    return branding;
  });
  return { userPool, userPoolClient, signInUrl: domain.baseUrl() };
}

function pool(stack: Stack, { signIn, dataOnDelete }: Stage, removalPolicy: RemovalPolicy): UserPool {
  const userPool = new UserPool(stack, 'UserPool', {
    selfSignUpEnabled: signIn.selfSignUp,
    signInAliases: { email: true },
    autoVerify: { email: true },
    signInCaseSensitive: false,
    mfa: Mfa.OPTIONAL,
    mfaSecondFactor: { otp: true, sms: false },
    accountRecovery: AccountRecovery.EMAIL_ONLY,
    passwordPolicy: {
      minLength: 12,
      requireDigits: true,
      requireLowercase: true,
      requireUppercase: true,
      requireSymbols: true,
    },
    removalPolicy,
    deletionProtection: dataOnDelete === 'retain',
  });
  Validations.of(userPool).acknowledge(
    {
      id: 'AwsSolutions-COG2',
      reason:
        'A second factor is the choice of each user: machines sign in with API tokens, people by invitation.',
    },
    ...['AwsSolutions-COG3', 'AwsSolutions-COG8'].map((id) => ({
      id,
      reason: 'Threat protection needs the paid Plus plan of Cognito, which is for the deployer to choose.',
    })),
  );
  return userPool;
}

/** Prefixes are unique in a region over all accounts, so ours ends with the account. */
function hostedPages(userPool: UserPool, { name, signIn }: Stage): UserPoolDomain {
  return userPool.addDomain('SignIn', {
    cognitoDomain: { domainPrefix: signIn.domainPrefix ?? `goldsmith-${name}-${Aws.ACCOUNT_ID}` },
    managedLoginVersion: ManagedLoginVersion.NEWER_MANAGED_LOGIN,
  });
}

function client(userPool: UserPool, { local, signIn }: Stage): UserPoolClient {
  return userPool.addClient('Client', {
    // A password alone is for one machine: elsewhere it would pass by the pages and a second factor's set-up.
    authFlows: { userPassword: local !== undefined, userSrp: true },
    oAuth: {
      flows: { authorizationCodeGrant: true },
      scopes: [OAuthScope.OPENID, OAuthScope.EMAIL, OAuthScope.PROFILE],
      callbackUrls: signIn.callbackUrls,
      logoutUrls: signIn.logoutUrls,
    },
    generateSecret: false,
    preventUserExistenceErrors: true,
    enableTokenRevocation: true,
    // A day on one machine, where nobody signs in again; else as short as is bearable (Cognito's default).
    accessTokenValidity: local === undefined ? Duration.hours(1) : Duration.days(1),
  });
}
