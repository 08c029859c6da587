import { describe, expect, it } from 'vitest';
import { nutanix } from '../../../../../shared/platforms/nutanix/index.ts';
import { run } from '../../packer/fixtures.ts';
import { linux } from './cases.ts';

const read = (id: string, builderId = 'packer.nutanix') =>
  nutanix.readArtifact(
    { builderId, id, description: 'Web-Base-v7' },
    { snapshot: linux, run, accountId: '' },
  );

describe('what the output of Nutanix’s builder says', () => {
  it('is the machine of the run, then its address (S83)', () => {
    const name = `goldsmith-${run.runId}`;
    expect(nutanix.readOutput(`==> nutanix.image: Virtual machine ${name} created`)).toEqual({
      buildVm: { kind: 'nutanix-vm', locator: name },
      temporaries: [{ kind: 'nutanix-vm', id: name }],
    });
    expect(nutanix.readOutput('==> nutanix.image: Using SSH communicator to connect: 10.0.1.50')).toEqual({
      buildVm: { address: '10.0.1.50' },
    });
  });

  it('is the disc that is uploaded for a while', () => {
    expect(nutanix.readOutput('==> nutanix.image: CD disk uploaded packer2841.iso')).toEqual({
      temporaries: [{ kind: 'nutanix-image', id: 'packer2841.iso' }],
    });
  });

  it.each(['Virtual machine db-prod created', 'CD disk uploaded virtio.iso'])(
    'is nothing of others: %s',
    (line) => {
      expect(nutanix.readOutput(line)).toEqual({});
    },
  );
});

describe('where the image of Nutanix is (S129)', () => {
  it('is told by name and UUID, at the server of the connection', () => {
    const uuid = '6A62D7C2-0f4e-4c46-8a9e-3a5f3c1b7e55';
    expect(read(uuid)).toEqual([
      {
        role: 'primary',
        host: 'nutanix.example.com:8443',
        path: `images/${uuid}`,
        templateName: 'Web-Base-v7',
      },
    ]);
  });

  it.each(['', 'VM', '6a62d7c2-0f4e-4c46-8a9e', '../6a62d7c2-0f4e-4c46-8a9e-3a5f3c1b7e55'])(
    'is nowhere without a UUID: %j',
    (id) => {
      expect(read(id)).toEqual([]);
    },
  );
});
