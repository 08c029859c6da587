import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { qemuSettings } from '../../../../../shared/contracts/platforms/qemu.ts';
import { withSettings } from '../../../../support/on-premises.ts';
import { settingsOf } from '../../../../support/settings-coverage.ts';
import { changesTemplate, templateOrError, usedBy } from '../../../../support/settings-reach.ts';
import { full, windows } from './cases.ts';

/** What Packer 1.6 does not know, with a value that asks for it. */
const MODERN_ONLY = {
  cpuModel: 'host',
  sockets: 2,
  cores: 2,
  threads: 2,
  efiBoot: true,
  vtpm: true,
};
/** Nothing without the setting that Packer 1.6 refuses. */
const NEEDS_MODERN = ['efiDropEfivars', 'tpmDeviceType'];

const all = settingsOf(qemuSettings(z.string()));
const plain = withSettings(windows, { winrmUseSsl: false });
const modern = [...full.modern, windows, plain];
const old = [...full['1.6'], windows, plain];
const notInOld = new Set([...Object.keys(MODERN_ONLY), ...NEEDS_MODERN]);

describe('the settings of qemu', () => {
  it('are all tried here', () => {
    expect(usedBy(modern)).toEqual(all);
  });

  it.each(all)('reach a current Packer: %s', (setting) => {
    expect(changesTemplate(modern, setting, 'modern')).toBe(true);
  });

  it.each(all.filter((setting) => !notInOld.has(setting)))('reach Packer 1.6: %s', (setting) => {
    expect(changesTemplate(old, setting, '1.6')).toBe(true);
  });

  it.each(Object.entries({ ...MODERN_ONLY, 'diskInterface sata': 'sata' }))(
    'that Packer 1.6 does not know are refused there, by name: %s',
    (name, value) => {
      const asked = withSettings(windows, { [name.split(' ')[0] ?? '']: value });
      const words = `PlatformError: Packer 1.6 cannot do what is asked for by ${name}.`;
      expect(templateOrError(asked, '1.6')).toBe(words);
      expect(templateOrError(asked, 'modern')).not.toContain('PlatformError');
    },
  );

  it.each(['1.6', 'modern'] as const)(
    'that no release of the plugin knows are refused: Packer %s',
    (generation) => {
      expect(templateOrError(withSettings(windows, { diskInterface: 'sd' }), generation)).toContain(
        'diskInterface sd',
      );
    },
  );
});
