import { beforeEach, describe, expect, test } from 'vitest';
import { connectionTrustSchema } from '../../../../shared/contracts/entities/trust.ts';
import { ulid } from '../../../support/builders.ts';
import { type DefinitionsApi, openDefinitionsApi } from '../../../support/definitions-api.ts';
import { containing } from '../../../support/matchers.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { connectionBodies } from '../../../support/platform-bodies.ts';

let api: DefinitionsApi;
beforeEach(async () => {
  api = await openDefinitionsApi(memoryTable());
});

const trustIn = async (example: keyof typeof connectionBodies) => {
  const { id, ...connection } = await api.create('/connections', connectionBodies[example]);
  const answer = await api.ask('GET', `/connections/${id}/trust`);
  expect(answer.status).toBe(200);
  return {
    id,
    connection,
    trust: connectionTrustSchema.parse(answer.body),
    text: JSON.stringify(answer.body),
  };
};

describe('what to set up at the provider for a connection', () => {
  test('of a role of AWS is the trust policy that lets only this deployment in, with its external id', async () => {
    const { connection, trust } = await trustIn('aws role');
    const { externalId } = connection;
    expect(trust).toMatchObject({
      kind: 'aws-role',
      roleArn: 'arn:aws:iam::123456789012:role/builder',
      principal: 'arn:aws:iam::111122223333:root',
      externalId,
      policy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: 'arn:aws:iam::111122223333:root' },
            Action: 'sts:AssumeRole',
            Condition: {
              StringEquals: { 'sts:ExternalId': externalId },
              ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/goldsmith-test-app*' },
            },
          },
        ],
      },
    });
    expect(externalId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('of a role of AWS tells what builds need, and nothing that makes or passes on roles', async () => {
    const { trust } = await trustIn('aws role');
    const actions = JSON.stringify(trust.kind === 'aws-role' ? trust.permissionsPolicy : {});
    expect(actions).toContain('ec2:RunInstances');
    expect(actions).toContain('ec2:CreateFleet');
    expect(actions).toMatch(/ssm:GetParameter.*kms:DescribeKey/s);
    expect(actions).not.toMatch(/sts:|:\*"/);
    const iam = [...actions.matchAll(/"iam:(\w+)"[,\]]/g)]
      .map(([, action = '']) => action)
      .toSorted((a, b) => (a < b ? -1 : 1));
    // Who may pass any role to a machine has its rights: that is for the customer to give, by name.
    expect(iam).toEqual(['GetInstanceProfile', 'SimulatePrincipalPolicy']);
    expect(actions).not.toContain('ssm:StartSession');
  });

  test.each([
    ['azure workload-identity', 'azure-workload-identity'],
    ['gcp workload-identity', 'gcp-workload-identity'],
  ] as const)('of %s is issuer, subject and an audience of this connection alone', async (example, kind) => {
    const { id, trust } = await trustIn(example);
    expect(trust).toMatchObject({
      kind,
      issuer: 'https://issuer.example',
      subject: 'arn:aws:iam::111122223333:role/goldsmith-test-identity',
      audience: `goldsmith:${id}`,
    });
  });

  test('of a workload identity says so where the deployment has none', async () => {
    const without = await openDefinitionsApi(memoryTable(), undefined, { issuer: '', subject: '' });
    const { id } = await without.create('/connections', connectionBodies['azure workload-identity']);
    const { body } = await without.ask('GET', `/connections/${id}/trust`);
    const trust = connectionTrustSchema.parse(body);
    expect(trust).toMatchObject({ audience: `goldsmith:${id}`, note: containing('has no identity') });
    expect(trust).not.toHaveProperty('subject');
  });

  test.each([
    'aws access-key',
    'azure client-secret',
    'gcp service-account-key',
    'vsphere password',
    'proxmox token',
    'nutanix password',
    'hyperv',
    'qemu',
  ] as const)('of %s is nothing, without a word of the secret', async (example) => {
    const { trust, text } = await trustIn(example);
    expect(trust.kind).toBe('none');
    expect(text).not.toMatch(/planted|sealed|PRIVATE/);
  });

  test('of a connection that is not there is 404', async () => {
    expect((await api.ask('GET', `/connections/con_${ulid('X')}/trust`)).status).toBe(404);
  });
});
