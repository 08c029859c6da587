import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compileBundle } from '../../../../shared/packer/compile.ts';
import type { SnapshotStep } from '../../../../shared/contracts/snapshot.ts';
import { isMarkerNoise, markerText, readMarker } from '../../../../shared/packer/markers.ts';
import { provisionerExamples } from '../../../support/platform-bodies.ts';
import { storedProvisioner } from '../../../support/stored-entities.ts';
import { compileInput, shell, snapshot, step } from './fixtures.ts';

const nonce = '3f9a7c0d2b1e4856';

describe('step markers (S76)', () => {
  it('are read from the output of Packer 1.6', () => {
    const line = `    amazon-ebs.image: ${markerText(nonce, 3, 9, 'begin')}`;
    expect(readMarker(line, nonce)).toEqual({ index: 3, edge: 'begin' });
  });

  it('are read from the output of modern Packer and without a prefix', () => {
    expect(readMarker(`==> amazon-ebs.image: ${markerText(nonce, 12, 12, 'end')}`, nonce)).toEqual({
      index: 12,
      edge: 'end',
    });
    expect(readMarker(markerText(nonce, 1, 1, 'end'), nonce)).toEqual({ index: 1, edge: 'end' });
  });

  it('cannot be imitated without the nonce', () => {
    expect(readMarker(markerText('guessed', 1, 2, 'end'), nonce)).toBeUndefined();
    expect(readMarker('@@goldsmith  step 1/2 end', '')).toBeUndefined();
    expect(readMarker(`echo said "${markerText(nonce, 1, 2, 'end')}"`, nonce)).toBeUndefined();
  });

  it('tell the line that Packer prints for a marker from the output of scripts', () => {
    expect(isMarkerNoise('==> null.t: Running local shell script: /tmp/packer-shell1758813745')).toBe(true);
    expect(isMarkerNoise('Running local shell script: /var/run 1/tmp/packer-shell17')).toBe(true);
    expect(isMarkerNoise('==> null.t: Provisioning with shell script: steps/1.sh')).toBe(false);
  });
});

const template = z.object({
  build: z.object({ provisioner: z.array(z.record(z.string(), z.record(z.string(), z.unknown()))) }),
});

/** Packer's provisioners of a run with these steps, each by its type or by what a marker says. */
const provisionersOf = (steps: SnapshotStep[]): string[] => {
  const { files } = compileBundle(compileInput({ snapshot: snapshot({ steps }), generation: 'modern' }));
  const { build } = template.parse(JSON.parse(files[0]?.content ?? ''));
  return build.provisioner.flatMap((one) =>
    Object.entries(one).map(([type, { inline, pause_before: pause }]) =>
      inline === undefined ? type : [inline, pause].flat().filter(Boolean).join(' for '),
    ),
  );
};
const marker = (text: string) => `echo @@goldsmith \${var.goldsmith_nonce} step ${text}`;

describe('the provisioners of a run', () => {
  it('stand behind their markers, whatever their type, and the last before one more (S76)', () => {
    const steps = provisionerExamples.map((type, at) =>
      step(at + 1, storedProvisioner(type, { resourceId: undefined, resourceVersion: undefined })),
    );
    const total = steps.length;
    const packerTypes: Partial<Record<string, string[]>> = {
      'windows-shell': ['powershell'],
      'ansible-local': ['shell', 'ansible-local'],
    };
    expect(provisionersOf(steps)).toEqual([
      ...provisionerExamples.flatMap((type, at) => [
        marker(`${at + 1}/${total} begin`),
        ...(packerTypes[type] ?? [type]),
      ]),
      marker(`${total}/${total} end`),
    ]);
  });

  it('pause behind their marker, so that their time limit counts beside the pause', () => {
    const steps = [
      step(1, shell({ pauseBeforeSeconds: 30, timeoutSeconds: 60 })),
      step(2, shell({ pauseBeforeSeconds: 0 })),
    ];
    expect(provisionersOf(steps)).toEqual([
      marker('1/2 begin'),
      'echo The pause is over for 30s',
      'shell',
      marker('2/2 begin'),
      'shell',
      marker('2/2 end'),
    ]);
  });
});
