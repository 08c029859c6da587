import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gcpLabels, gcpName } from '../../../../../shared/contracts/platforms/gcp.ts';
import { imageNameOf } from '../../../../../shared/domain/definition/image-name.ts';
import {
  imagePath,
  imageSelfLink,
  labelValue,
  lastPart,
  machineName,
  parseImagePath,
  parseZonePath,
  runLabels,
  zonePath,
} from '../../../../../shared/platforms/gcp/names.ts';
import { run } from '../../packer/fixtures.ts';

/** Compute Engine, "Naming resources": RFC 1035. */
const RESOURCE = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** Compute Engine, "Requirements for labels". */
const KEY = /^\p{Ll}[\p{Ll}0-9_-]{0,62}$/u;
const VALUE = /^[\p{Ll}0-9_-]{0,63}$/u;

const definitionName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,50}$/);
const HOSTILE = 'a|Z|0|9|-|_|ß|ẞ|İ|ı|ü|Ü|中|𐐀|𐐨|é|.|:|/| |\0|\n|{{|$|👍🏽|\ud83d';
/** Letters of every case and script, what is made of several characters, and what ends words. */
const hostile = (maxLength: number) =>
  fc.array(fc.constantFrom(...HOSTILE.split('|')), { maxLength }).map((characters) => characters.join(''));
const number = fc.integer({ min: 1, max: 999_999_999 });
const ulid = fc.stringMatching(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);

describe('names in Google Cloud (S126, S127, S146)', () => {
  it('are legal for the image of every definition and number', () => {
    const result = fc.check(
      fc.property(definitionName, number, (name, version) => {
        const image = imageNameOf('googlecompute', name, version);
        return RESOURCE.test(image) && gcpName.safeParse(image).success;
      }),
      { numRuns: 500 },
    );
    expect(result.counterexample).toBeNull();
  });

  it('are legal for the machine and the disk of every run, and each run has its own', () => {
    const result = fc.check(
      fc.property(ulid, ulid, (one, other) => {
        const [a, b] = [one, other].map((id) => machineName(`run_${id}`));
        return RESOURCE.test(a ?? '') && (a === b) === (one === other);
      }),
      { numRuns: 500 },
    );
    expect(result.counterexample).toBeNull();
  });

  it('stay legal whatever an id looks like', () => {
    const result = fc.check(
      fc.property(hostile(200), (id) => RESOURCE.test(machineName(id))),
      { numRuns: 500 },
    );
    expect(result.counterexample).toBeNull();
    expect(machineName(run.runId)).toBe('goldsmith-run-01jd00000000000000000000rn');
  });

  it('of long ids differ although their beginnings are alike', () => {
    const [a, b] = ['x', 'y'].map((end) => machineName(`${'long-'.repeat(20)}${end}`));
    expect(a).not.toBe(b);
  });
});

describe('labels in Google Cloud (S84)', () => {
  it('have a legal value for every text', () => {
    const result = fc.check(
      fc.property(hostile(300), (text) => VALUE.test(labelValue(text))),
      { numRuns: 500 },
    );
    expect(result.counterexample).toBeNull();
  });

  it('tell every two runs apart', () => {
    const result = fc.check(
      fc.property(ulid, ulid, (one, other) => {
        const [a, b] = [one, other].map((id) => labelValue(`run_${id}`));
        return (a === b) === (one === other);
      }),
      { numRuns: 500 },
    );
    expect(result.counterexample).toBeNull();
  });

  it('keep what can be kept, and have a checksum for what cannot', () => {
    expect(labelValue('run_01JD00RN')).toBe('run_01jd00rn');
    expect(labelValue('größe')).toBe('größe');
    expect(labelValue('')).toBe('');
    expect(labelValue('eu-central-1:prod')).toMatch(/^eu-central-1-prod-[0-9a-f]{12}$/);
    expect(labelValue('a:b')).not.toBe(labelValue('a/b'));
    expect(labelValue('x'.repeat(64))).toHaveLength(63);
  });

  it('of a run have keys and values that the contract of labels takes as well', () => {
    const labels = runLabels({ ...run, deploymentId: 'Acme: the main one' });
    expect(Object.keys(labels)).toEqual([
      'goldsmith-deployment',
      'goldsmith-workspace',
      'goldsmith-definition',
      'goldsmith-run',
    ]);
    expect(Object.keys(labels).filter((key) => !KEY.test(key))).toEqual([]);
    expect(gcpLabels.safeParse(labels).success).toBe(true);
  });
});

describe('places in Google Cloud (S129)', () => {
  const image = { projectId: 'example.com:images-prod', image: 'web-base-v7' };
  const machine = { projectId: 'images-prod', zone: 'europe-west1-b', name: 'goldsmith-run-1' };

  it('are read as they were written', () => {
    expect(parseImagePath(imagePath(image))).toEqual(image);
    expect(parseImagePath(imageSelfLink(image))).toEqual(image);
    expect(
      parseImagePath('https://compute.googleapis.com/compute/v1/projects/p-project/global/images/i'),
    ).toEqual({
      projectId: 'p-project',
      image: 'i',
    });
    expect(parseZonePath('instances', zonePath('instances', machine))).toEqual(machine);
    expect(lastPart('https://x/zones/europe-west1-b')).toBe('europe-west1-b');
  });

  it.each([
    '',
    'web-base-v7',
    'projects/p/global/images/',
    'projects/p/global/images/Web',
    'projects/p/global/images/a/b',
    'projects/p/zones/z/instances/i',
    'https://evil.example/projects/p/global/images/i?x=/compute/v1/',
  ])('are no image: %j', (path) => {
    expect(parseImagePath(path)).toBeUndefined();
  });

  it('of one kind are not taken for another', () => {
    expect(parseZonePath('disks', zonePath('instances', machine))).toBeUndefined();
    expect(parseZonePath('instances', 'projects/p/zones/z/instances/../../x')).toBeUndefined();
  });
});
