import { example, type NewId, type Sample, type SampleInputs } from './sample.ts';

const aws = (): SampleInputs['connection'] => ({
  ...example(
    'AWS account',
    'Replace the region and the role ARN by yours, and let the role trust this deployment.',
  ),
  platform: 'aws',
  settings: {
    region: 'eu-central-1',
    // 111122223333 is an account number that the AWS documentation uses in its examples.
    auth: { type: 'role', roleArn: 'arn:aws:iam::111122223333:role/goldsmith-example' },
  },
});

/** Azure gives no subscription, tenant or application this id. */
const NO_UUID = '00000000-0000-0000-0000-000000000000';

const azure = (): SampleInputs['connection'] => ({
  ...example(
    'Azure subscription',
    'Replace the subscription, the tenant and the application by yours, and let the application trust this deployment.',
  ),
  platform: 'azure',
  settings: {
    subscriptionId: NO_UUID,
    auth: { type: 'workload-identity', tenantId: NO_UUID, clientId: NO_UUID },
  },
});

const gcp = (): SampleInputs['connection'] => ({
  ...example(
    'Google Cloud project',
    'Replace the project, the workload identity provider and the service account by yours.',
  ),
  platform: 'gcp',
  settings: {
    projectId: 'example-project',
    auth: {
      type: 'workload-identity',
      provider:
        'projects/123456789012/locations/global/workloadIdentityPools/example-pool/providers/example-provider',
      serviceAccountEmail: 'goldsmith@example-project.iam.gserviceaccount.com',
    },
  },
});

const qemu = (): SampleInputs['connection'] => ({
  ...example('QEMU', 'Builds on the machine of a connector that has QEMU; nothing is to be filled in.'),
  platform: 'qemu',
  settings: {},
});

/** Connections that the builder configurations refer to. They hold no secret and lead nowhere as they are. */
export const sampleConnections = (newId: NewId) => {
  const sample = (input: SampleInputs['connection']): Sample<'connection'> => ({
    kind: 'connection',
    id: newId('connection'),
    input,
    references: [],
  });
  return { aws: sample(aws()), azure: sample(azure()), gcp: sample(gcp()), qemu: sample(qemu()) };
};
