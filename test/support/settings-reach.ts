/** Whether each setting of a builder changes the template: whoever adds one and forgets it in the source block is told. */
import type { PackerGeneration } from '../../shared/contracts/bundle.ts';
import type { RunSnapshot } from '../../shared/contracts/snapshot.ts';
import { compileBundle } from '../../shared/packer/compile.ts';
import { platformOf } from '../../shared/platforms/registry.ts';
import { run } from '../unit/shared/packer/fixtures.ts';
import { withSettings } from './on-premises.ts';
import { replaced, usedIn } from './settings-coverage.ts';

const settingsIn = ({ builderConfiguration }: RunSnapshot) => builderConfiguration.settings;

/** The template of a build, or what is said in place of one. */
export const templateOrError = (snapshot: RunSnapshot, generation: PackerGeneration): string => {
  const platform = platformOf(snapshot.builderConfiguration.platform);
  try {
    return compileBundle({ run, snapshot, platform, generation }).files[0]?.content ?? '';
  } catch (error) {
    return String(error);
  }
};

/** Every setting that one of the snapshots has, as paths such as `vmNics/#/subnetName`. */
export const usedBy = (snapshots: readonly RunSnapshot[]): string[] =>
  [...new Set(snapshots.flatMap((one) => usedIn(settingsIn(one))))].sort();

/** Whether the template of one of the snapshots is another one when a setting is taken away, or is `other`. */
export const changesTemplate = (
  snapshots: readonly RunSnapshot[],
  setting: string,
  generation: PackerGeneration,
  other?: unknown,
): boolean =>
  snapshots.some((snapshot) => {
    const settings = settingsIn(snapshot);
    const changed = withSettings(snapshot, {
      ...Object.fromEntries(Object.keys(settings).map((key) => [key, undefined])),
      ...replaced(settings, setting, other),
    });
    return templateOrError(changed, generation) !== templateOrError(snapshot, generation);
  });
