import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { builderConfiguration } from '../../../../functions/api/definitions/entities/builder-configuration.ts';
import { connection } from '../../../../functions/api/definitions/entities/connection.ts';
import { operatingSystem } from '../../../../functions/api/definitions/entities/operating-system.ts';
import { provisioner } from '../../../../functions/api/definitions/entities/provisioner.ts';
import { provisionerGroup } from '../../../../functions/api/definitions/entities/provisioner-group.ts';
import { provisionerRole } from '../../../../functions/api/definitions/entities/provisioner-role.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { makeSamples, type Sample } from '../../../../shared/samples/index.ts';

const modules = {
  connection,
  'operating-system': operatingSystem,
  'builder-configuration': builderConfiguration,
  provisioner,
  'provisioner-group': provisionerGroup,
  'provisioner-role': provisionerRole,
};
const referencesOf = (sample: Sample): { kind: string; id: string }[] => {
  if (sample.kind === 'operating-system') return operatingSystem.references(sample.input);
  if (sample.kind === 'builder-configuration') return builderConfiguration.references(sample.input);
  if (sample.kind === 'provisioner-group') return provisionerGroup.references(sample.input);
  if (sample.kind === 'provisioner-role') return provisionerRole.references(sample.input);
  return sample.kind === 'provisioner' ? provisioner.references(sample.input) : [];
};

const samples = makeSamples(newId);
const named = samples.map((sample) => [sample.input.name, sample] as const);
const ids = new Set(samples.map(({ id }) => id));
const namesOf = (kind: Sample['kind']) =>
  samples.filter((sample) => sample.kind === kind).map(({ input }) => input.name);

describe('the samples of a new workspace', () => {
  test('are of the three kinds, with what they refer to, for AWS, Azure, Google Cloud and QEMU (S38)', () => {
    expect(namesOf('builder-configuration')).toEqual([
      'Example: AWS, AMI',
      'Example: Azure, managed image',
      'Example: Azure, gallery image',
      'Example: Google Cloud, image',
      'Example: QEMU, Linux',
      'Example: QEMU, Windows',
    ]);
    expect(namesOf('operating-system')).toEqual([
      'Example: Ubuntu 24.04 LTS',
      'Example: Debian 13',
      'Example: Amazon Linux 2023',
      'Example: Rocky Linux 9',
      'Example: Windows Server 2022',
      'Example: Windows Server 2025',
    ]);
    expect(namesOf('provisioner-role')).toEqual([
      'Example: Hardened Linux',
      'Example: Patched Windows',
      'Example: Patched Windows, on-premises',
    ]);
    expect(namesOf('connection')).toHaveLength(4);
  });

  test.each(named)('%s is what its schema makes of it, with every default', (_name, sample) => {
    expect(modules[sample.kind].input.parse(sample.input)).toEqual(sample.input);
  });

  test.each(named)('%s refers only to other samples, and says to which', (_name, sample) => {
    const expected = referencesOf(sample).map(({ kind, id }) => ({ kind, id }));
    expect(sample.references).toEqual(expected);
    expect(expected.filter(({ id }) => !ids.has(id))).toEqual([]);
  });

  test.each(named)('%s says that it is an example and may not fit (S42)', (_name, { input }) => {
    expect(input.name).toMatch(/^Example: /);
    expect(input.description).toMatch(/An example: it may not fit your environment\./);
  });

  test('have names that are unique in their kind, and ids of their own each time (S41)', () => {
    const names = samples.map(({ kind, input }) => `${kind} ${input.name.toLowerCase()}`);
    expect(new Set(names).size).toBe(samples.length);
    expect(makeSamples(newId).filter(({ id }) => ids.has(id))).toEqual([]);
  });

  test('hold no secret', () => {
    expect(JSON.stringify(samples)).not.toMatch(
      /"(value|secretAccessKey|clientSecret|credentialsJson|password)"/,
    );
  });

  test('cost the function that makes workspaces less than 60 KB', () => {
    expect(Buffer.byteLength(JSON.stringify(samples))).toBeLessThan(60_000);
  });
});

const imagesSchema = z.array(z.looseObject({ type: z.string(), access: z.object({ username: z.string() }) }));

describe('an operating system', () => {
  const linuxTypes = ['aws-ami-filter', 'azure-marketplace', 'gcp-family', 'disk'];
  test.each([
    ['Example: Ubuntu 24.04 LTS', linuxTypes],
    ['Example: Debian 13', linuxTypes],
    ['Example: Amazon Linux 2023', ['aws-ami-filter', 'disk']],
    ['Example: Rocky Linux 9', linuxTypes],
    ['Example: Windows Server 2022', ['aws-ami-filter', 'azure-marketplace', 'gcp-family', 'iso']],
    ['Example: Windows Server 2025', ['aws-ami-filter', 'azure-marketplace', 'gcp-family', 'iso']],
  ])('%s has an image on each of %s, each with who logs in', (name, types) => {
    const found = samples.find(({ input }) => input.name === name);
    const images = imagesSchema.parse(found?.kind === 'operating-system' ? found.input.images : []);
    expect(images.map(({ type }) => type)).toEqual(types);
  });

  test('is downloaded with a checksum', () => {
    const files = samples.flatMap((sample) =>
      sample.kind === 'operating-system'
        ? sample.input.images.flatMap((image) => ('checksum' in image ? [image] : []))
        : [],
    );
    expect(files).toHaveLength(6);
    for (const { url, checksum } of files) {
      expect(url).toMatch(/^https:\/\//);
      expect(checksum).toMatch(/^(sha256:[0-9a-f]{64}|file:https:\/\/.+)$/);
    }
  });
});
