import { describe, expect, it } from 'vitest';
import { readArtifact, readOutput } from '../../../../../shared/platforms/gcp/output.ts';
import { run } from '../../packer/fixtures.ts';
import { gcpSnapshot } from './cases.ts';

describe('facts in the output of googlecompute (S83)', () => {
  it.each([
    ['==> googlecompute.image: Using ssh communicator to connect: 127.91.0.4', '127.91.0.4'],
    ['==> googlecompute.image: Using SSH communicator to connect: 34.1.2.3', '34.1.2.3'],
    ['==> googlecompute.image: Using WinRM communicator to connect: 10.132.0.2', '10.132.0.2'],
  ])('are read from %j', (line, address) => {
    expect(readOutput(line)).toEqual({ buildVm: { address } });
  });

  it.each([
    '==> googlecompute.image: Using SSH communicator to connect: localhost',
    '    googlecompute.image: IP: 34.1.2.3',
    '    googlecompute.image: I was Using SSH communicator to connect: 34.1.2.3',
    '==> googlecompute.image: Using SSH communicator to connect: ',
  ])('are not read from %j: a tunnel ends at the runner, and a script may print an address', (line) => {
    expect(readOutput(line)).toEqual({});
  });
});

describe('the artifact of googlecompute (S129, S145, S146, S147)', () => {
  const artifact = (id: string, builderId = 'packer.googlecompute') => ({ builderId, id, description: '' });
  const context = (settings = {}) => ({ snapshot: gcpSnapshot({ settings }), run, accountId: 'images-prod' });
  const selfLink = 'https://www.googleapis.com/compute/v1/projects/images-prod/global/images/web-base-v7';

  it('says project, name and address of the image', () => {
    expect(readArtifact(artifact('web-base-v7'), context())).toEqual([
      { role: 'primary', projectId: 'images-prod', imageName: 'web-base-v7', selfLink },
    ]);
  });

  it('says the family where the builder sets one, and the project that images are made in', () => {
    expect(
      readArtifact(artifact('web-base-v7'), context({ imageFamily: 'web', imageProjectId: 'shared-1' })),
    ).toEqual([
      {
        role: 'primary',
        projectId: 'shared-1',
        imageName: 'web-base-v7',
        family: 'web',
        selfLink: selfLink.replace('images-prod', 'shared-1'),
      },
    ]);
  });

  it('is nothing when another builder made it, or when it is another image', () => {
    expect(readArtifact(artifact('web-base-v7', 'mitchellh.amazonebs'), context())).toEqual([]);
    expect(readArtifact(artifact('web-base-v8'), context())).toEqual([]);
    expect(readArtifact(artifact(''), context())).toEqual([]);
  });
});
