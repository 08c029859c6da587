import { describe, expect, it } from 'vitest';
import type { RunSnapshot } from '../../../../../shared/contracts/snapshot.ts';
import { builderConfigurationInput } from '../../../../../shared/contracts/entities/builder-configuration.ts';
import { hyperv } from '../../../../../shared/platforms/hyperv/index.ts';
import { onPremises, withSettings } from '../../../../support/on-premises.ts';
import { builderOf, imageOf } from '../../../../support/platform-bodies.ts';
import { powershell, run, step } from '../../packer/fixtures.ts';
import { windows } from './cases.ts';

const winrm = { access: { communicator: 'winrm', username: 'Administrator' } };
const on = (image: object, settings: object = {}) =>
  onPremises({
    builderType: 'hyperv-iso',
    settings: { winrmPassword: { value: 'x' }, ...settings },
    connection: 'hyperv',
    images: [image],
    family: 'windows',
  });
const onDisk = (url: string, settings: object = {}) => on(imageOf('disk', { url, ...winrm }), settings);
const sourceOf = (snapshot: RunSnapshot, generation: '1.6' | 'modern' = 'modern') =>
  hyperv.source({ run, snapshot, generation });
const bodyOf = (snapshot: RunSnapshot, generation: '1.6' | 'modern' = 'modern') =>
  sourceOf(snapshot, generation).body;

describe('the place of a machine of Hyper-V', () => {
  it('is the folder for images: a run that is stopped keeps it', () => {
    const { body, variables } = sourceOf(windows);
    expect(body['temp_path']).toMatchObject({ source: 'var.image_folder' });
    expect(body['output_directory']).toMatchObject({ after: `/Web-Base-v7-${run.runId}` });
    expect(variables).toEqual([{ name: 'image_folder', from: 'runner' }]);
  });

  it('is where the builder says', () => {
    const only = withSettings(windows, { outputDirectory: 'D:\\images' });
    expect(bodyOf(only)).toMatchObject({ output_directory: `D:\\images\\Web-Base-v7-${run.runId}` });
    expect(sourceOf(only).variables).toHaveLength(1);
    const both = withSettings(only, { tempPath: 'E:\\builds' });
    expect(bodyOf(both)['temp_path']).toBe('E:\\builds');
    expect(sourceOf(both).variables).toEqual([]);
  });
});

describe('the base of a machine of Hyper-V', () => {
  it.each([
    ['https://mirror/base.vhdx', 'vhdx'],
    ['https://mirror/base.VHD?token=1', 'vhd'],
    ['file:///D:/base/base.vhd', 'vhd'],
  ])('keeps what makes it a disk and no ISO: %s', (url, extension) => {
    expect(bodyOf(onDisk(url))).toMatchObject({ iso_url: url, iso_target_extension: extension });
  });

  it.each([
    ['a disk of another hypervisor', onDisk('https://mirror/base.qcow2'), 'base-image-not-found'],
    [
      'a disk that is gone with the run, for an image that needs it',
      onDisk('https://mirror/base.vhdx', { differencingDisk: true, skipExport: true }),
      'builder-setting-invalid',
    ],
    [
      'an ISO that Packer takes for a disk, with a path that PowerShell would run',
      on(imageOf('iso', { url: 'file:///D:/base/$(calc).vhdx', ...winrm })),
      'builder-setting-invalid',
    ],
    ['a path that PowerShell would run', onDisk('file:///D:/base/%24(calc).vhdx'), 'builder-setting-invalid'],
    [
      'a machine without a password',
      on(imageOf('iso', winrm), { winrmPassword: undefined }),
      'builder-setting-invalid',
    ],
  ])('is not %s', (_, snapshot, errorId) => {
    expect(() => bodyOf(snapshot)).toThrow(expect.objectContaining({ errorId }));
  });

  it('may be a differencing disk where it stays, or is exported with the machine', () => {
    const settings = { differencingDisk: true, skipExport: true };
    expect(bodyOf(onDisk('file:///D:/base/base.vhdx', settings))['differencing_disk']).toBe(true);
    const exported = { ...settings, skipExport: false };
    expect(bodyOf(onDisk('https://mirror/base.vhdx', exported))['differencing_disk']).toBe(true);
  });
});

describe('the name of a switch', () => {
  const names = ['a"; calc; "', 'a$(calc)', 'a`b', 'a\u201db', 'a\u201cb', 'a\u201eb'];

  it.each(names)('that PowerShell would read is refused when it is written: %j', (switchName) => {
    const written = builderConfigurationInput.safeParse(builderOf('hyperv-iso', { switchName }));
    expect(written.error?.issues.map(({ path }) => path.join('/'))).toEqual(['settings/switchName']);
  });

  it.each(names)('that was written before is refused by a run: %j', (switchName) => {
    expect(() => bodyOf(withSettings(windows, { switchName }))).toThrow(/switchName/);
  });

  it('may hold anything else', () => {
    const switchName = "Müller's switch (1), 100% & ok";
    expect(builderConfigurationInput.safeParse(builderOf('hyperv-iso', { switchName })).success).toBe(true);
  });
});

describe('the end of a machine of Hyper-V', () => {
  const steps = [step(1, powershell({ expectDisconnect: true }))];
  const disabled = (settings: object, more: Partial<RunSnapshot> = {}) =>
    bodyOf({ ...withSettings(windows, settings), ...more })['disable_shutdown'];

  it('is waited for where the last step shuts the machine down (S111)', () => {
    expect(disabled({})).toBeUndefined();
    expect(disabled({}, { steps })).toBe(true);
    expect(disabled({ shutdownCommand: 'shutdown /s' }, { steps })).toBeUndefined();
    expect(disabled({ disableShutdown: false }, { steps })).toBeUndefined();
    expect(disabled({ disableShutdown: true })).toBe(true);
  });

  it('is asked of Hyper-V by Packer 1.6, which has no such argument', () => {
    expect(bodyOf({ ...windows, steps }, '1.6')).not.toHaveProperty('disable_shutdown');
  });
});
