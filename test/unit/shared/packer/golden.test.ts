import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileBundle } from '../../../../shared/packer/compile.ts';
import type { Platform } from '../../../../shared/platforms/platform.ts';
import { platformOf } from '../../../../shared/platforms/registry.ts';
import { generationsOf, platformCases } from '../../../support/platform-cases.ts';
import { run } from './fixtures.ts';

const GOLDEN = join(import.meta.dirname, '../../../golden');
const cases = platformCases.flatMap((one) =>
  generationsOf(one).map((generation) => ({ ...one, generation })),
);

/** The generalise script is long, the same in every run, and has tests of its own. */
const contentOf = (platform: Platform, content: string): string =>
  content === platform.generalise?.script ? `(${platform.generalise.name}, as published)\n` : content;

/** What is given to Packer, as one text that a person reads and a change shows up in. */
const shown = (bundle: ReturnType<typeof compileBundle>, platform: Platform): string =>
  [
    ...bundle.files.map(({ path, content }) => `--- ${path}\n${contentOf(platform, content)}`),
    ...bundle.downloads.map(
      ({ path, resourceId, version }) => `--- ${path}: ${resourceId} version ${version}\n`,
    ),
  ].join('');

describe('compiled templates, by builder type, family and generation of Packer', () => {
  it.each(cases)('$name for Packer $generation', async ({ name, snapshot, baseImage, generation }) => {
    const platform = platformOf(snapshot.builderConfiguration.platform);
    const bundle = compileBundle({ run, snapshot, baseImage, platform, generation });
    const file = `${name.replaceAll(' ', '-')}.packer-${generation}.txt`;
    await expect(shown(bundle, platform)).toMatchFileSnapshot(join(GOLDEN, file));
  });

  it('have names of their own', () => {
    const names = cases.map(({ name, generation }) => `${name} ${generation}`);
    expect(new Set(names).size).toBe(names.length);
  });
});
