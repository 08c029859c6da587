import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import type { PackerGeneration } from '../../../../../shared/contracts/bundle.ts';
import type { RunSnapshot } from '../../../../../shared/contracts/snapshot.ts';
import {
  vsphereCloneSettings,
  vsphereIsoSettings,
} from '../../../../../shared/contracts/platforms/vsphere.ts';
import { compileBundle } from '../../../../../shared/packer/compile.ts';
import { vsphere } from '../../../../../shared/platforms/vsphere/index.ts';
import { withSettings } from '../../../../support/on-premises.ts';
import { replaced, settingsOf, usedIn } from '../../../../support/settings-coverage.ts';
import { run } from '../../packer/fixtures.ts';
import { full, toLibrary } from './cases.ts';

const schemas = {
  'vsphere-iso': vsphereIsoSettings(z.string()),
  'vsphere-clone': vsphereCloneSettings(z.string()),
};
const types = ['vsphere-iso', 'vsphere-clone'] as const;
/** Of these only a current Packer knows. */
const MODERN_ONLY = ['datastoreCluster', 'snapshotName', 'vtpm'];

/** Other values of settings that there is no builder without. */
const OTHER: Record<string, unknown> = {
  storage: [{ diskSize: 1 }],
  'storage/#/diskSize': 1,
  'networkAdapters/#/networkCard': 'e1000',
  'contentLibraryDestination/library': 'Other images',
};

const plain = (snapshot: RunSnapshot) => withSettings(snapshot, { winrmUseSsl: false });
const samplesOf = (type: (typeof types)[number]): RunSnapshot[] => [
  ...full[type]['1.6'],
  toLibrary[type],
  plain(toLibrary[type]),
  withSettings(toLibrary[type], {
    contentLibraryDestination: { library: 'Golden images', ovf: true },
    configurationParameters: undefined,
  }),
];
const templateOf = (snapshot: RunSnapshot, generation: PackerGeneration): string => {
  try {
    return compileBundle({ run, snapshot, platform: vsphere, generation }).files[0]?.content ?? '';
  } catch (error) {
    return String(error);
  }
};
const settingsIn = ({ builderConfiguration }: RunSnapshot) => builderConfiguration.settings;
const changes = (snapshot: RunSnapshot, setting: string, generation: PackerGeneration): boolean => {
  const settings = settingsIn(snapshot);
  const less: RunSnapshot = withSettings(snapshot, {
    ...Object.fromEntries(Object.keys(settings).map((key) => [key, undefined])),
    ...replaced(settings, setting, OTHER[setting]),
  });
  return templateOf(less, generation) !== templateOf(snapshot, generation);
};

describe.each(types)('the settings of %s', (type) => {
  const modern = [...full[type].modern, ...samplesOf(type)];

  it('are all tried here', () => {
    const used = new Set(modern.flatMap((one) => usedIn(settingsIn(one))));
    expect([...used].sort()).toEqual(settingsOf(schemas[type]));
  });

  it.each(settingsOf(schemas[type]))('reach a current Packer: %s', (setting) => {
    expect(modern.some((one) => changes(one, setting, 'modern'))).toBe(true);
  });

  it.each(settingsOf(schemas[type]).filter((one) => !MODERN_ONLY.includes(one)))(
    'reach Packer 1.6: %s',
    (setting) => {
      expect(samplesOf(type).some((one) => changes(one, setting, '1.6'))).toBe(true);
    },
  );

  it.each(MODERN_ONLY)('that Packer 1.6 does not know are refused there, by name: %s', (setting) => {
    const asked = { [setting]: setting === 'vtpm' ? true : 'x', firmware: 'efi' };
    const [base] = full[type]['1.6'];
    expect(base && templateOf(withSettings(base, asked), '1.6')).toBe(
      `PlatformError: Packer 1.6 cannot do what is asked for by ${setting}.`,
    );
  });
});
