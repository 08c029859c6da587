import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type Stage, type StageInput, stageSchema } from '../../../infra/config/stage.ts';

/** NOT a release: the addresses and checksums are made up, so that nothing can be downloaded with them. */
export const exampleRelease = {
  version: '1.99.0',
  url: 'https://example.invalid/packer_1.99.0_linux_amd64.zip',
  sha256: '0'.repeat(64),
  plugins: [
    {
      name: 'amazon',
      source: 'github.com/hashicorp/amazon',
      version: '9.9.9',
      url: 'https://example.invalid/packer-plugin-amazon_9.9.9_linux_amd64.zip',
      sha256: '1'.repeat(64),
    },
  ],
};

const base: StageInput = {
  name: 'test',
  dataOnDelete: 'retain',
  logRetentionDays: RetentionDays.ONE_MONTH,
  packer: { source: 'download', generation: 'modern', ...exampleRelease },
  heartbeatSeconds: 5,
  chunkIntervalMilliseconds: 500,
  corsOrigins: ['https://console.example'],
};

export const exampleNetwork = {
  vpcId: 'vpc-0123456789abcdef0',
  availabilityZones: ['eu-west-1a', 'eu-west-1b'],
  subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  securityGroupIds: ['sg-0123456789abcdef0'],
};
export const exampleProxy = { https: 'http://proxy.example:3128', noProxy: ['.example', '10.0.0.0/8'] };

/** A stage as it would be deployed to AWS. */
export const awsStage = (changes: Partial<StageInput> = {}): Stage =>
  stageSchema.parse({ ...base, ...changes });

/** A stage on one machine. */
export const localStage = (): Stage =>
  awsStage({
    packer: { source: 'system', generation: '1.6' },
    local: { endpoint: 'http://127.0.0.1:4566' },
  });
