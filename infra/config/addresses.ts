/** Addresses that differ between AWS and one machine. */
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Stage } from './stage.ts';

/** Base address of an HTTP API, without a slash at its end. */
export function httpApiUrl(scope: Construct, { local }: Stage, apiId: string): string {
  if (local !== undefined) return `${local.endpoint}/_aws/execute-api/${apiId}`;
  const { region, urlSuffix } = Stack.of(scope);
  return `https://${apiId}.execute-api.${region}.${urlSuffix}`;
}

/** What clients of a WebSocket API connect to, and what the SDK posts messages through. */
export function socketUrls(scope: Construct, { local }: Stage, apiId: string, stageName: string) {
  if (local !== undefined) {
    const address = `${local.endpoint}/_aws/execute-api/${apiId}/${stageName}`;
    return { connect: address.replace(/^http/, 'ws'), callback: address };
  }
  const { region, urlSuffix } = Stack.of(scope);
  const address = `${apiId}.execute-api.${region}.${urlSuffix}/${stageName}`;
  return { connect: `wss://${address}`, callback: `https://${address}` };
}

/** Who signs the tokens of a user pool, and where its keys are. The emulator signs in AWS's name. */
export function tokenIssuer(scope: Construct, { local }: Stage, userPoolId: string) {
  const { region, urlSuffix } = Stack.of(scope);
  const issuer = `https://cognito-idp.${region}.${urlSuffix}/${userPoolId}`;
  const keys = local === undefined ? issuer : `${local.endpoint}/${userPoolId}`;
  return { issuer, jwksUri: `${keys}/.well-known/jwks.json` };
}
