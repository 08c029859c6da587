import { describe, expect, it } from 'vitest';
import type { RunSnapshot, SnapshotLayer } from '../../../../../shared/contracts/snapshot.ts';
import { nutanix } from '../../../../../shared/platforms/nutanix/index.ts';
import { ulid } from '../../../../support/builders.ts';
import { onPremises, withSettings } from '../../../../support/on-premises.ts';
import { certificate, imageBodies, imageOf } from '../../../../support/platform-bodies.ts';
import { run, shell, step } from '../../packer/fixtures.ts';
import { full, linux } from './cases.ts';

const uuid = '6a62d7c2-0f4e-4c46-8a9e-3a5f3c1b7e55';
const asDebian = { access: { communicator: 'ssh', username: 'debian' } };
const settings = { clusterName: 'c', vmNics: [{ subnetName: 's' }], sshPassword: { value: 'x' } };
const on = (image: object, more: object = {}) =>
  onPremises({
    builderType: 'nutanix',
    settings: { ...settings, ...more },
    connection: 'nutanix password',
    images: [{ ...image, ...asDebian }],
  });
const sourceOf = (snapshot: RunSnapshot) => nutanix.source({ run, snapshot, generation: 'modern' });
const bodyOf = (snapshot: RunSnapshot) => sourceOf(snapshot).body;
const firstDisk = (snapshot: RunSnapshot) => {
  const disks = bodyOf(snapshot)['vm_disks'];
  return Array.isArray(disks) ? disks[0] : undefined;
};

describe('the way to Prism Central', () => {
  const to = (server: string, auth?: object) => {
    const { connection } = linux;
    if (connection.platform !== 'nutanix') throw new Error('no connection of Nutanix');
    return bodyOf({
      ...linux,
      connection: { ...connection, settings: { ...connection.settings, server, ...auth } },
    });
  };

  it.each([
    ['prism.example.com', 'prism.example.com', 9440],
    ['prism.example.com:443', 'prism.example.com', 443],
    ['10.0.0.5:9440', '10.0.0.5', 9440],
    ['[fd00::5]', '[fd00::5]', 9440],
    ['[fd00::5]:443', '[fd00::5]', 443],
  ])('is host and port: %s', (server, host, port) => {
    expect(to(server)).toMatchObject({ nutanix_endpoint: host, nutanix_port: port });
  });

  it('is a user with a password, or the API key of a service account', () => {
    const [password, token] = full.map(bodyOf);
    expect(password).toMatchObject({
      nutanix_username: 'builder@pve',
      nutanix_password: { source: 'var.password' },
    });
    expect(token).toMatchObject({
      nutanix_username: 'X-ntnx-api-key',
      nutanix_password: { source: 'var.token' },
    });
    expect(full.map((one) => nutanix.secrets(one)[0]?.variable)).toEqual(['password', 'token']);
  });

  it('is checked against the authority of the connection', () => {
    expect(sourceOf(linux).files).toEqual([{ path: 'authorities/server.pem', content: certificate }]);
  });
});

describe('the disk that the system brings', () => {
  const digest = '0b'.repeat(32);

  it.each([
    [`sha256:${digest}`, { source_image_checksum: digest, source_image_checksum_type: 'sha256' }],
    [
      digest.toUpperCase(),
      { source_image_checksum: digest.toUpperCase(), source_image_checksum_type: 'sha256' },
    ],
    [
      `SHA1:${digest.slice(24)}`,
      { source_image_checksum: digest.slice(24), source_image_checksum_type: 'sha1' },
    ],
    ['none', {}],
  ])('is downloaded by Nutanix, which compares it: %s', (checksum, fields) => {
    expect(firstDisk(on(imageOf('disk', { checksum })))).toEqual({
      image_type: 'DISK_IMAGE',
      disk_size_gb: undefined,
      source_image_uri: imageBodies.disk.url,
      ...fields,
    });
  });

  it('is a file that Packer uploads', () => {
    const local = imageOf('disk', { url: 'file:///srv/base.qcow2', checksum: 'none' });
    expect(firstDisk(on(local, { diskSizeGb: 40 }))).toEqual({
      image_type: 'DISK_IMAGE',
      disk_size_gb: 40,
      source_image_path: '/srv/base.qcow2',
    });
  });

  it('is an image of the library, by its name', () => {
    expect(firstDisk(on(imageOf('template')))).toMatchObject({
      image_type: 'DISK_IMAGE',
      source_image_name: imageBodies.template.templateName,
    });
  });

  const layerOf = (locator: object): { layer: SnapshotLayer } => ({
    layer: {
      imageDefinitionId: `def_${ulid('D')}`,
      imageVersionId: `ver_${ulid('V')}`,
      name: 'Web-Base-v1',
      createdAt: '2026-01-02T03:04:05.678Z',
      locators: [{ role: 'primary', host: 'nutanix.example.com', ...locator }],
    },
  });
  const layered = on(imageOf('image-definition'));

  it('is the image of another definition, by its UUID where that is known', () => {
    const named = { templateName: 'Web-Base-v1' };
    expect(firstDisk({ ...layered, ...layerOf({ ...named, path: `images/${uuid}` }) })).toMatchObject({
      source_image_uuid: uuid,
    });
    expect(firstDisk({ ...layered, ...layerOf(named) })).toMatchObject({ source_image_name: 'Web-Base-v1' });
  });

  it.each([
    [
      'of a checksum that Nutanix cannot compare',
      on(imageOf('disk', { checksum: 'md5:0' + '0'.repeat(31) })),
    ],
    ['of a list of checksums', on(imageOf('disk'))],
    ['of a checksum of another length', on(imageOf('disk', { checksum: `sha512:${digest.repeat(2)}` }))],
    ['uploaded with a checksum that nobody compares', on(imageOf('disk', { url: 'file:///srv/base.qcow2' }))],
    ['a place of another platform', on(imageOf('disk', { url: '[nfs] base.vmdk', checksum: 'none' }))],
    ['an image that is a file', { ...layered, ...layerOf({ path: '/srv/Web-Base-v1' }) }],
  ])('is not one %s', (_, snapshot) => {
    expect(() => bodyOf(snapshot)).toThrow(expect.objectContaining({ errorId: 'base-image-not-found' }));
  });

  it('is an ISO beside a disk to install on', () => {
    const iso = { ...imageOf('iso'), unattended: undefined };
    expect(firstDisk(on(iso, { vmDisks: [{ imageType: 'DISK', diskSizeGb: 40 }] }))).toMatchObject({
      image_type: 'ISO_IMAGE',
      source_image_uri: imageBodies.iso.url,
    });
    expect(() => bodyOf(on(iso))).toThrow(/vmDisks/);
  });
});

describe('what a build makes on Nutanix', () => {
  it('is called after the run, and its image as an image (S126)', () => {
    expect(bodyOf(linux)).toMatchObject({ vm_name: `goldsmith-${run.runId}`, image_name: 'Web-Base-v7' });
    expect(bodyOf(linux)['image_description']).toContain(`goldsmith:run: ${run.runId}`);
  });

  it('has the categories of connection and builder, each once (S129)', () => {
    const [first] = full;
    expect(first && bodyOf(first)).toMatchObject({
      image_categories: [
        { key: 'OSType', value: 'ubuntu-24.04' },
        { key: 'Team', value: 'web' },
      ],
      vm_categories: [{ key: 'Environment', value: 'Build' }],
    });
    expect(bodyOf(linux)['vm_categories']).toBeUndefined();
  });

  it('takes no other image’s name, and leaves no machine when it fails (S48)', () => {
    expect(bodyOf(linux)).toMatchObject({ fail_if_image_exists: true, vm_force_delete: true });
  });

  it('is shut down by the system: Nutanix would cut the power', () => {
    const steps = [step(1, shell({ expectDisconnect: true }))];
    const { disable_stop_instance, shutdown_command } = bodyOf(linux);
    expect([disable_stop_instance, shutdown_command]).toEqual([undefined, 'sudo -n shutdown -P now']);
    expect(bodyOf({ ...linux, steps })).toMatchObject({
      disable_stop_instance: true,
      shutdown_command: undefined,
    });
    expect(bodyOf({ ...withSettings(linux, { shutdownCommand: 'halt -p' }), steps })).toMatchObject({
      shutdown_command: 'halt -p',
    });
  });
});

describe('an installation on Nutanix', () => {
  const installed = (bootCommand: string[]) =>
    on(imageOf('iso', { unattended: { ...imageBodies.iso.unattended, bootCommand } }), {
      vmDisks: [{ imageType: 'DISK', diskSizeGb: 40 }],
    });

  it('reads its files from a disc', () => {
    expect(bodyOf(installed(['<enter>']))).toMatchObject({
      cd_files: ['unattended/preseed.cfg'],
      cd_label: 'cidata',
      http_directory: undefined,
    });
  });

  it.each(['{{ .HTTPIP }}', 'http://x:{{.HTTPPort}}/'])('cannot read them by HTTP: %s', (line) => {
    expect(() => bodyOf(installed(['<enter>', line]))).toThrow(/disc with the label cidata/);
  });
});
