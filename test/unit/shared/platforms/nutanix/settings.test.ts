import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { nutanixSettings } from '../../../../../shared/contracts/platforms/nutanix.ts';
import { withSettings } from '../../../../support/on-premises.ts';
import { settingsOf } from '../../../../support/settings-coverage.ts';
import { changesTemplate, templateOrError, usedBy } from '../../../../support/settings-reach.ts';
import { full, linux } from './cases.ts';

const uuid = '00000000-0000-4000-8000-000000000001';
/** Other values of settings that there is no builder without. */
const OTHER: Record<string, unknown> = {
  vmNics: [{ subnetName: 'Other' }],
  'vtpm/enabled': false,
  'vmClean/cdrom': false,
  'gpu/#/name': 'Tesla P40',
  'vmDisks/#/imageType': 'ISO_IMAGE',
  'vmDisks/#/diskSizeGb': 1,
  'vmCategories/#/key': 'Other',
  'vmCategories/#/value': 'Other',
  'imageCategories/#/key': 'Other',
  'imageCategories/#/value': 'Other',
};

/** Each kind of disk has its own fields, and a union of them is not looked into. */
const diskFields = ['diskSizeGb', 'imageType', 'sourceImageName', 'sourceImageUuid', 'storageContainerUuid'];
const all = [
  ...new Set([
    ...settingsOf(nutanixSettings(z.string())),
    ...diskFields.map((field) => `vmDisks/#/${field}`),
  ]),
].sort();
const plain = full.map((one) => withSettings(one, { winrmUseSsl: false }));
const samples = [...full, ...plain];

describe('the settings of nutanix', () => {
  it('are all tried here', () => {
    expect(usedBy(samples)).toEqual(all);
  });

  it.each(all)('reach Packer: %s', (setting) => {
    expect(changesTemplate(samples, setting, 'modern', OTHER[setting])).toBe(true);
  });

  it('are no use to Packer 1.6, which has no such builder', () => {
    const asked = withSettings(linux, { clusterName: undefined, clusterUuid: uuid });
    expect(templateOrError(asked, '1.6')).toBe('PlatformError: Packer 1.6 has no builder for Nutanix.');
  });
});
