import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locatorSchema } from '../../../shared/contracts/entities/image-version.ts';
import { compileBundle } from '../../../shared/packer/compile.ts';
import { findPlatform, platformOf, platforms } from '../../../shared/platforms/registry.ts';
import { compileInput, fullSnapshot, run, snapshot } from '../../unit/shared/packer/fixtures.ts';

/** An artifact of each platform's builder, as Packer reports it. */
const artifacts: Record<keyof typeof platforms, { builderId: string; id: string; description: string }> = {
  aws: { builderId: 'mitchellh.amazonebs', id: 'eu-central-1:ami-0123456789abcdef0', description: '' },
};

describe.each(Object.values(platforms))('platform $id', (platform) => {
  const { id } = platform;
  const input = compileInput({ platform, snapshot: fullSnapshot() });

  it('is found by its id', () => {
    expect(findPlatform(id)).toBe(platform);
    expect(Object.keys(platforms)).toContain(id);
  });

  it('gives every number an image name of its own that ends in the version (S12, S126)', () => {
    const names = [1, 2, 10, 999_999].map((number) => platform.imageName('Web-Base', number));
    expect(new Set(names).size).toBe(4);
    expect(names[0]).toMatch(/web-base.*v1$/i);
  });

  it('makes the same source block from the same input, for both generations of Packer', () => {
    for (const generation of ['1.6', 'modern'] as const) {
      expect(platform.source({ ...input, generation })).toEqual(platform.source({ ...input, generation }));
      expect(platform.source({ ...input, generation }).type).toMatch(/^[a-z][a-z0-9-]+$/);
    }
  });

  it('names the run in what it makes, so that leftovers are found', () => {
    const [template] = compileBundle(input).files;
    for (const word of [run.deploymentId, run.workspaceId, run.definitionId, run.runId]) {
      expect(template?.content).toContain(word);
    }
  });

  it('puts no secret of the connection into the template', () => {
    expect(JSON.stringify(compileBundle(compileInput({ platform, snapshot: snapshot() })))).not.toMatch(
      /cipher of|external-id-1/,
    );
  });

  it('pins its plugins exactly', () => {
    for (const { source, version } of Object.values(platform.plugins)) {
      expect(source).toMatch(/^github\.com\/[\w-]+\/[\w-]+$/);
      expect(version).toMatch(/^= \d+\.\d+\.\d+$/);
    }
  });

  it('reads the locators of its own artifacts and of no others (S129)', () => {
    const facts = { imageName: 'Web-Base-v7', accountId: '123456789012' };
    const known = Object.entries(artifacts).filter(([name]) => name === id);
    expect(known).toHaveLength(1);
    for (const [, artifact] of known) {
      const locators = platform.readArtifact(artifact, facts);
      expect(locators.map((locator) => locatorSchema.parse(locator).role)).toEqual(['primary']);
    }
    expect(platform.readArtifact({ builderId: 'packer.file', id: 'File', description: '' }, facts)).toEqual(
      [],
    );
  });

  it('finds nothing in lines that say nothing', () => {
    for (const line of ['', '==> x: hello', 'Instance', '\u0000', 'x'.repeat(10_000)]) {
      expect(platform.readOutput(line)).toEqual({});
    }
  });

  it('loads its client only when it is asked for', async () => {
    const { connect } = await platform.client();
    const client = connect({
      snapshot: snapshot(),
      run,
      decrypt: () => Promise.reject(new Error('not now')),
    });
    expect(Object.keys(client).sort()).toEqual([
      'accountId',
      'credentials',
      'describeBuildVm',
      'findLeftovers',
      'locate',
      'removeLeftover',
      'resolveBaseImage',
    ]);
  });
});

describe('the registry of platforms', () => {
  it('holds every folder of shared/platforms', () => {
    const folder = join(import.meta.dirname, '../../../shared/platforms');
    const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(platforms).sort());
  });

  it('knows no other platform', () => {
    expect(findPlatform('toString')).toBeUndefined();
    expect(platformOf('aws').id).toBe('aws');
  });
});
