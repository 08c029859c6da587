import { describe, expect, it } from 'vitest';
import type { RunSnapshot } from '../../../../../shared/contracts/snapshot.ts';
import { compileBundle } from '../../../../../shared/packer/compile.ts';
import { qemu } from '../../../../../shared/platforms/qemu/index.ts';
import { onPremises, withSettings } from '../../../../support/on-premises.ts';
import { imageOf } from '../../../../support/platform-bodies.ts';
import { templateOrError } from '../../../../support/settings-reach.ts';
import { run, shell, step } from '../../packer/fixtures.ts';
import { windows } from './cases.ts';

const asDebian = { access: { communicator: 'ssh', username: 'debian' } };
const local = { url: 'file:///srv/base/debian-12.qcow2', ...asDebian };
const on = (image: object, settings: object = {}) =>
  onPremises({
    builderType: 'qemu',
    settings: { sshPassword: { value: 'x' }, ...settings },
    connection: 'qemu',
    images: [image],
  });
const linux = on(imageOf('disk', local));
const bodyOf = (snapshot: RunSnapshot, generation: '1.6' | 'modern' = '1.6') =>
  qemu.source({ run, snapshot, generation }).body;

describe('the folder of an image', () => {
  const name = `Web-Base-v7-${run.runId}`;
  const folderOf = (settings: object) => bodyOf(withSettings(linux, settings))['output_directory'];

  it('is one of its own, named after image and run, where the builder says', () => {
    expect(folderOf({ outputDirectory: '/srv/images' })).toBe(`/srv/images/${name}`);
    expect(folderOf({ outputDirectory: '/' })).toBe(`/${name}`);
    expect(folderOf({ outputDirectory: 'D:\\images\\' })).toBe(`D:\\images\\${name}`);
  });

  it('is where the runner says otherwise, and never in the folder of a job', () => {
    const bundle = compileBundle({ run, snapshot: linux, platform: qemu, generation: '1.6' });
    expect(bundle.files[0]?.content).toContain(`"output_directory": "\${var.image_folder}/${name}"`);
    expect(bundle.variables).toContainEqual({ name: 'image_folder', from: 'runner' });
    const placed = compileBundle({
      run,
      snapshot: withSettings(linux, { outputDirectory: '/srv' }),
      platform: qemu,
      generation: '1.6',
    });
    expect(placed.variables.map((one) => one.name)).not.toContain('image_folder');
  });
});

describe('the end of a machine', () => {
  const ending = (settings: object, expectDisconnect: boolean) => {
    const snapshot = {
      ...withSettings(linux, settings),
      steps: [step(1, shell()), step(2, shell({ expectDisconnect }))],
    };
    const { body, closing } = qemu.source({ run, snapshot, generation: '1.6' });
    const template: unknown = JSON.parse(templateOrError(snapshot, '1.6'));
    return { command: body['shutdown_command'], waits: closing?.length ?? 0, template };
  };

  it('is a shutdown of the system: QEMU would be killed', () => {
    expect(ending({}, false)).toMatchObject({ command: 'sudo -n shutdown -P now', waits: 0 });
    expect(ending({ shutdownCommand: 'poweroff' }, false)).toMatchObject({ command: 'poweroff', waits: 0 });
  });

  it('is waited for where the last step shuts the machine down (S111)', () => {
    const { command, waits, template } = ending({}, true);
    expect([command, waits]).toEqual([undefined, 1]);
    // Behind the marker of the last step.
    expect(template).toHaveProperty('build.provisioner.5.shell-local.environment_vars', [
      `GOLDSMITH_DISK=\${var.image_folder}/Web-Base-v7-${run.runId}/Web-Base-v7`,
    ]);
    expect(ending({ shutdownCommand: 'poweroff' }, true)).toMatchObject({ command: 'poweroff', waits: 0 });
  });

  it.each([
    [undefined, 300],
    ['90s', 90],
    ['1h0.5m', 3630],
    ['1500ms', 2],
  ])('is waited for as long as Packer would: %s', (shutdownTimeout, seconds) => {
    const { template } = ending({ shutdownTimeout }, true);
    expect(JSON.stringify(template)).toContain(`-ge ${seconds} ]`);
  });
});

describe('the base of an image', () => {
  it('is a disk where it is one, and an ISO where it is none', () => {
    expect(bodyOf(linux)).toMatchObject({ disk_image: true, iso_url: local.url });
    expect(bodyOf(on(imageOf('iso', asDebian)))).not.toHaveProperty('disk_image');
  });

  it('is told with its format as a backing file, as each Packer wants it', () => {
    const backed = withSettings(linux, { useBackingFile: true });
    expect(bodyOf(backed)).toMatchObject({
      use_backing_file: true,
      qemu_img_args: { create: ['-F', 'qcow2'] },
    });
    expect(bodyOf(backed, 'modern')['qemu_img_args']).toBeUndefined();
    expect(bodyOf(linux)['qemu_img_args']).toBeUndefined();
  });

  it.each([
    [
      'a backing file that is downloaded, and gone with the run',
      on(imageOf('disk', asDebian), { useBackingFile: true }),
      'builder-setting-invalid',
    ],
    [
      'a path that QEMU would read options from',
      on(imageOf('disk', { ...local, url: 'file:///srv/a%2cfile.driver=nbd' })),
      'base-image-not-found',
    ],
    [
      'an ISO in a datastore',
      on(imageOf('iso', { url: '[nfs] x.iso', ...asDebian })),
      'base-image-not-found',
    ],
    [
      'a machine without a password',
      withSettings(linux, { sshPassword: undefined }),
      'builder-setting-invalid',
    ],
    [
      'Windows without a password',
      withSettings(windows, { winrmPassword: undefined }),
      'builder-setting-invalid',
    ],
    [
      'further disks on a backing file, by Packer 1.6',
      withSettings(linux, { useBackingFile: true, diskAdditionalSize: ['1G'] }),
      'packer-too-old',
    ],
  ])('is not %s', (_, snapshot, errorId) => {
    expect(() => bodyOf(snapshot)).toThrow(expect.objectContaining({ errorId }));
  });
});

describe('a machine', () => {
  it('is not waited for before its screen is there, unless keys are typed', () => {
    expect(bodyOf(linux)).toMatchObject({ headless: true, disable_vnc: true });
    expect(bodyOf(windows)['disable_vnc']).toBeUndefined();
    expect(bodyOf(windows)['boot_command']).toBeDefined();
  });

  it('at a bridge has a socket with a path that is not too long', () => {
    expect(bodyOf(withSettings(linux, { netBridge: 'virbr0' }))['qmp_socket_path']).toBe('qmp.sock');
    expect(bodyOf(linux)['qmp_socket_path']).toBeUndefined();
  });

  it('for ARM is one that boots, and needs a current Packer', () => {
    const { operatingSystem } = linux;
    const arm: RunSnapshot = { ...linux, operatingSystem: { ...operatingSystem, architecture: 'arm64' } };
    expect(bodyOf(arm, 'modern')).toMatchObject({
      qemu_binary: 'qemu-system-aarch64',
      machine_type: 'virt',
      cpu_model: 'max',
      efi_boot: true,
      efi_firmware_code: '/usr/share/AAVMF/AAVMF_CODE.fd',
    });
    expect(bodyOf(linux, 'modern')['qemu_binary']).toBeUndefined();
    expect(() => bodyOf(arm)).toThrow(expect.objectContaining({ errorId: 'packer-too-old' }));
  });
});
