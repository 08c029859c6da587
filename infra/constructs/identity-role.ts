import { Aws } from 'aws-cdk-lib';
import { PolicyDocument, PrincipalWithConditions, AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Stage } from '../config/stage.ts';
import { makeIdentityTokens } from './permissions.ts';

/** What other clouds know the deployment by: an issuer and a subject; both empty where it has no identity. */
export type Identity = { issuer: string; subject: string };

/** It is the subject of the deployment's tokens: customers write it down, so it must not change with the stack. */
const nameOf = ({ name }: Stage): string => `goldsmith-${name}-identity`;

/**
 * The role that the deployment shows itself as to other clouds (outbound identity federation of IAM), made where the
 * stage names the account's issuer. It can do nothing but ask for such tokens.
 */
export function identityOf(scope: Construct, stage: Stage, rolePattern: string): Identity {
  const { identityIssuer: issuer } = stage;
  if (issuer === undefined) return { issuer: '', subject: '' };
  const roleName = nameOf(stage);
  new Role(scope, 'Identity', {
    roleName,
    description: 'Who this deployment is to Azure and Google Cloud; it may only ask for tokens that say so',
    assumedBy: new PrincipalWithConditions(new AccountRootPrincipal(), {
      ArnLike: { 'aws:PrincipalArn': rolePattern },
    }),
    inlinePolicies: { Own: new PolicyDocument({ statements: [makeIdentityTokens()] }) },
  });
  return { issuer, subject: `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/${roleName}` };
}
