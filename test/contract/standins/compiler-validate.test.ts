import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobBundle } from '../../../shared/contracts/bundle.ts';
import { builderKinds } from '../../../shared/contracts/platforms/kinds.ts';
import { compileBundle } from '../../../shared/packer/compile.ts';
import { PlatformError } from '../../../shared/platforms/errors.ts';
import { findPlatform, platformOf } from '../../../shared/platforms/registry.ts';
import { type BuilderType, type GeneratedRun, runsOf } from '../../support/generated-snapshots.ts';
import { validateBundles } from '../../support/packer-validate.ts';
import { exampleTypes } from '../../support/platform-bodies.ts';
import { generationsOf, platformCases } from '../../support/platform-cases.ts';
import { run } from '../../unit/shared/packer/fixtures.ts';

const DEFINITIONS = 500;
const BATCH = 100;
const MOST_BATCHES = 300;

const compiled = ({ snapshot, baseImage }: GeneratedRun) =>
  compileBundle({
    run,
    snapshot,
    baseImage,
    generation: '1.6',
    platform: platformOf(snapshot.builderConfiguration.platform),
    takesLogin: true,
  });

describe('templates before the real Packer', () => {
  it('are valid: every golden one of its generation', async () => {
    const cases = platformCases.filter(
      (one) => one.notValidated === undefined && generationsOf(one).includes('1.6'),
    );
    const refusals = await validateBundles(cases.map(compiled));
    expect(refusals.map(({ place, errors }) => [cases[place]?.name, errors])).toEqual([]);
  });

  it('are refused one by one where they are wrong', async () => {
    const good = compiled(platformCases[0] ?? never());
    const bad = {
      ...good,
      files: good.files.map((file) => ({
        ...file,
        content: file.content.replace('"ami_name"', '"ami_nome"'),
      })),
    };
    const refusals = await validateBundles([good, good, bad, good, bad]);
    expect(refusals.map(({ place }) => place)).toEqual([2, 4]);
    expect(refusals[0]?.errors.join('\n')).toContain('ami_nome');
  });
});

/** Builder types whose platform is there, and that this Packer has. */
const types = Object.entries(builderKinds).flatMap(([type, { platform }]) => {
  const known = exampleTypes.find((one) => one === type);
  return known !== undefined && known !== 'nutanix' && findPlatform(platform) !== undefined ? [known] : [];
});

/** The first templates of a builder type, but for definitions that somebody is told to change: nothing is started for them. */
const generated = (type: BuilderType): JobBundle[] => {
  const bundles: JobBundle[] = [];
  const runs = runsOf(type);
  for (let seed = 1; bundles.length < DEFINITIONS && seed <= MOST_BATCHES; seed += 1)
    for (const one of fc.sample(runs, { numRuns: BATCH, seed })) {
      try {
        bundles.push(compiled(one));
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error;
      }
    }
  return bundles.slice(0, DEFINITIONS);
};

describe('500 generated definitions of each builder type', () => {
  it.each(types)(
    '%s: are valid before the real Packer',
    async (type) => {
      const bundles = generated(type);
      expect(bundles).toHaveLength(DEFINITIONS);
      const refusals = await validateBundles(bundles);
      const shown = refusals.map(({ place, errors }) => [bundles[place]?.files[0]?.content, errors]);
      expect(shown).toEqual([]);
    },
    // Half a minute on a machine that does nothing else.
    600_000,
  );
});

const never = (): never => {
  throw new Error('there are no cases');
};
