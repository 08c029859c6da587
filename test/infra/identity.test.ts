import { expect, test } from 'vitest';
import { awsStage } from './support/example-stage.ts';
import { functionsOf, resourceOf, resourcesOf, synthesise, textOf } from './support/templates.ts';

const issuer = 'https://0123.tokens.sts.global.api.aws';
const { app } = synthesise(awsStage({ identityIssuer: issuer }));
const subject = 'arn:{AWS::Partition}:iam::{AWS::AccountId}:role/goldsmith-test-identity';
const functions = functionsOf(app);
const variables = (name: string, key: string) => textOf(functions.get(name)?.variables[key]);

test('a stage that names its issuer has one role that it shows itself as, and it can do nothing else', () => {
  const role = resourceOf(app, 'AWS::IAM::Role', 'Identity');
  expect(role.Properties).toMatchObject({
    RoleName: 'goldsmith-test-identity',
    Policies: [
      {
        PolicyDocument: {
          Statement: [
            {
              Action: 'sts:GetWebIdentityToken',
              Effect: 'Allow',
              Resource: '*',
              Condition: {
                'ForAllValues:StringLike': { 'sts:IdentityTokenAudience': 'goldsmith:con_*' },
                Null: { 'sts:IdentityTokenAudience': 'false' },
              },
            },
          ],
        },
      },
    ],
  });
});

test('only roles of this deployment can take it', () => {
  const { Properties } = resourceOf(app, 'AWS::IAM::Role', 'Identity');
  expect(JSON.stringify(Properties['AssumeRolePolicyDocument'])).toMatch(
    /ArnLike.*aws:PrincipalArn.*goldsmith-test-app/,
  );
});

test.each(['agent-api', 'workflow/prepare', 'workflow/verify', 'events/remove-leftovers', 'api/platforms'])(
  '%s asks for tokens as that role',
  (name) => {
    expect(variables(name, 'IDENTITY_ROLE_ARN')).toBe(subject);
  },
);

test('customers are told the issuer and the subject', () => {
  expect(variables('api/definitions', 'IDENTITY_ISSUER')).toBe(issuer);
  expect(variables('api/definitions', 'IDENTITY_SUBJECT')).toBe(subject);
});

test('a stage without an issuer has no such role', () => {
  const plain = synthesise(awsStage()).app;
  expect(resourcesOf(plain, 'AWS::IAM::Role').map(({ Properties }) => Properties['RoleName'])).not.toContain(
    'goldsmith-test-identity',
  );
});
