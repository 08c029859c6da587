import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locatorSchema } from '../../../shared/contracts/entities/image-version.ts';
import { builderKinds, platformKinds } from '../../../shared/contracts/platforms/kinds.ts';
import { runSnapshotSchema } from '../../../shared/contracts/snapshot.ts';
import { compileBundle } from '../../../shared/packer/compile.ts';
import { secretsOf } from '../../../shared/packer/variables.ts';
import { findPlatform, platformOf, platforms } from '../../../shared/platforms/registry.ts';
import { finalName } from '../../../shared/platforms/snapshot-of.ts';
import { generationsOf, type PlatformCase, platformCases } from '../../support/platform-cases.ts';
import { run } from '../../unit/shared/packer/fixtures.ts';

const platformOfCase = ({ snapshot }: PlatformCase) => platformOf(snapshot.builderConfiguration.platform);
const inputs = (one: PlatformCase) =>
  generationsOf(one).map((generation) => ({
    run,
    snapshot: one.snapshot,
    baseImage: one.baseImage,
    platform: platformOfCase(one),
    generation,
  }));
const templateOf = (one: PlatformCase, at = 0): string => {
  const input = inputs(one)[at];
  return input === undefined ? '' : (compileBundle(input).files[0]?.content ?? '');
};

/** The same with the fields of each object the other way round, as a table may give them back. */
const turned = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, field]) => [name, turned(field)]),
  );
};

/** A variable of the template where it is used. */
const VARIABLE = /\$\{(?:base64encode\()?var\.(\w+)\)?\}/g;

describe.each(platformCases)('a build by $name', (one) => {
  const platform = platformOfCase(one);
  const { snapshot } = one;

  it('is compiled to the same bytes from the same snapshot (S20)', () => {
    for (const input of inputs(one)) {
      const copy = { ...input, snapshot: structuredClone(snapshot) };
      expect(JSON.stringify(compileBundle(copy))).toBe(JSON.stringify(compileBundle(input)));
    }
  });

  it('is compiled to the same bytes whatever the order of fields, which no table keeps (S20)', () => {
    for (const input of inputs(one)) {
      const copy = { ...input, snapshot: runSnapshotSchema.parse(turned(snapshot)) };
      const same = { ...input, snapshot: runSnapshotSchema.parse(snapshot) };
      expect(JSON.stringify(compileBundle(copy))).toBe(JSON.stringify(compileBundle(same)));
    }
  });

  it('names its image after the definition and the number (S126)', () => {
    const names = [1, 2, 10, 999_999].map((number) => finalName(snapshot, { imageName: 'Web-Base', number }));
    expect(names.every((name) => /^web-base(-v\d+)?$/i.test(name))).toBe(true);
    expect(templateOf(one)).toContain(finalName(snapshot, run));
  });

  it('makes the things that it leaves behind findable by the run', () => {
    expect(templateOf(one)).toMatch(new RegExp(run.runId, 'i'));
  });

  it('puts no secret into the template, and gives each a variable', () => {
    const secrets = secretsOf(snapshot, platform);
    for (const input of inputs(one)) {
      const { files, variables } = compileBundle(input);
      const template = files[0]?.content ?? '';
      expect(template).not.toMatch(/cipher of|external-id-1/);
      const used = new Set([...template.matchAll(VARIABLE)].map((match) => match[1]));
      for (const { variable } of secrets) expect([...used]).toContain(variable);
      expect(used).toEqual(new Set(variables.map(({ name }) => name)));
    }
  });

  it('reads the locators of its own artifact and of no others (S129)', () => {
    const context = { snapshot, run, accountId: '123456789012' };
    const found = platform.readArtifact(one.artifact, context);
    expect(found).toEqual(one.locators);
    expect(found.map((locator) => locatorSchema.parse(locator))).toEqual(one.locators);
    expect(found[0]?.role).toBe('primary');
    const other = { builderId: 'packer.file', id: 'File', description: '' };
    expect(platform.readArtifact(other, context)).toEqual([]);
  });

  it('says who logs in to its build VM', () => {
    expect(platform.buildSite(snapshot).user).toMatch(/^\S+$/);
  });
});

describe.each(Object.values(platforms))('platform $id', (platform) => {
  it('is found by its id', () => {
    expect(findPlatform(platform.id)).toBe(platform);
  });

  it('has a case for each of its builder types', () => {
    const own = Object.entries(builderKinds).filter(([, kind]) => kind.platform === platform.id);
    const tried = new Set<string>(
      platformCases.map(({ snapshot }) => snapshot.builderConfiguration.builderType),
    );
    expect(own.map(([type]) => type).filter((type) => !tried.has(type))).toEqual([]);
  });

  it('pins its plugins exactly', () => {
    for (const { source, version } of Object.values(platform.plugins)) {
      expect(source).toMatch(/^github\.com\/[\w-]+\/[\w-]+$/);
      expect(version).toMatch(/^= \d+\.\d+\.\d+$/);
    }
  });

  it('finds nothing in lines that say nothing', () => {
    for (const line of ['', '==> x: hello', 'Instance', '\u0000', 'x'.repeat(10_000)]) {
      expect(platform.readOutput(line)).toEqual({});
    }
  });

  it('has a client and a generalise step where it is a cloud, and neither on-premises (S85, S87)', () => {
    const isCloud = platformKinds[platform.id].runsOn === 'cloud';
    expect([platform.client !== undefined, platform.generalise !== undefined]).toEqual([isCloud, isCloud]);
  });

  it('refuses a snapshot of another platform', () => {
    const others = platformCases.filter(({ snapshot }) => snapshot.connection.platform !== platform.id);
    expect(others).not.toEqual([]);
    for (const { snapshot } of others) expect(() => platform.secrets(snapshot)).toThrow(/not of/);
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
