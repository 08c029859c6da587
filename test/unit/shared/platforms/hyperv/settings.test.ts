import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { hypervIsoSettings } from '../../../../../shared/contracts/platforms/hyperv.ts';
import { withSettings } from '../../../../support/on-premises.ts';
import { settingsOf } from '../../../../support/settings-coverage.ts';
import { changesTemplate, templateOrError, usedBy } from '../../../../support/settings-reach.ts';
import { full, windows } from './cases.ts';

const MODERN_ONLY = ['enableTpm', 'disableShutdown', 'keepRegistered'];

const all = settingsOf(hypervIsoSettings(z.string()));
const plain = withSettings(windows, { winrmUseSsl: false });
const modern = [...full.modern, windows, plain];
const old = [...full['1.6'], windows, plain];

describe('the settings of hyperv-iso', () => {
  it('are all tried here', () => {
    expect(usedBy(modern)).toEqual(all);
  });

  it.each(all)('reach a current Packer: %s', (setting) => {
    expect(changesTemplate(modern, setting, 'modern')).toBe(true);
  });

  it.each(all.filter((setting) => !MODERN_ONLY.includes(setting)))('reach Packer 1.6: %s', (setting) => {
    expect(changesTemplate(old, setting, '1.6')).toBe(true);
  });

  it.each(MODERN_ONLY)('that Packer 1.6 does not know are refused there, by name: %s', (setting) => {
    const asked = withSettings(windows, { [setting]: true });
    const words = `PlatformError: Packer 1.6 cannot do what is asked for by ${setting}.`;
    expect(templateOrError(asked, '1.6')).toBe(words);
    expect(templateOrError(asked, 'modern')).not.toContain('PlatformError');
  });
});
