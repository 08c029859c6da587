import { describe, expect, it } from 'vitest';
import { isMarkerNoise, markerText, readMarker } from '../../../../shared/packer/markers.ts';

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
