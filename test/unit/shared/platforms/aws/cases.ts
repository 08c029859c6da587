import type { PlatformCase } from '../../../../support/platform-cases.ts';
import { fullSnapshot, snapshot, windowsSnapshot } from '../../packer/fixtures.ts';

const common = {
  baseImage: { id: 'ami-0abcdef0123456789', name: 'base' },
  artifact: {
    builderId: 'mitchellh.amazonebs',
    id: 'eu-central-1:ami-0123456789abcdef0',
    description: 'AMIs were created:\neu-central-1: ami-0123456789abcdef0\n',
  },
  locators: [
    {
      role: 'primary' as const,
      region: 'eu-central-1',
      accountId: '123456789012',
      amiId: 'ami-0123456789abcdef0',
      amiName: 'Web-Base-v7',
    },
  ],
};

export const cases: PlatformCase[] = [
  { name: 'amazon-ebs linux', snapshot: snapshot(), ...common },
  { name: 'amazon-ebs linux full', snapshot: fullSnapshot(), ...common },
  { name: 'amazon-ebs windows', snapshot: windowsSnapshot(), ...common },
];
