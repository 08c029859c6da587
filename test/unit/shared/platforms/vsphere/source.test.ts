import { describe, expect, it } from 'vitest';
import type { PackerGeneration } from '../../../../../shared/contracts/bundle.ts';
import type { RunSnapshot } from '../../../../../shared/contracts/snapshot.ts';
import { vsphere } from '../../../../../shared/platforms/vsphere/index.ts';
import { onPremises, withSettings } from '../../../../support/on-premises.ts';
import { certificate, imageBodies, imageOf } from '../../../../support/platform-bodies.ts';
import { storedConnection } from '../../../../support/stored-entities.ts';
import { run, ulid } from '../../packer/fixtures.ts';
import { toLibrary } from './cases.ts';

const password = { value: 'planted-secret' };
const login = { sshUsername: 'debian', sshPassword: password };
const iso = (image: object = {}, settings: object = {}) =>
  onPremises({
    builderType: 'vsphere-iso',
    settings: { cluster: 'c', storage: [{ diskSize: 1 }], ...login, ...settings },
    connection: 'vsphere password',
    images: [imageOf('iso', { unattended: undefined, ...image })],
  });
const clone = (images: object[] = [imageOf('template')], settings: object = { sshUsername: 'debian' }) =>
  onPremises({
    builderType: 'vsphere-clone',
    settings: { cluster: 'c', ...settings },
    connection: 'vsphere password',
    images,
  });
const sourceOf = (snapshot: RunSnapshot, generation: PackerGeneration = 'modern') =>
  vsphere.source({ run, snapshot, generation });
const bodyOf = (snapshot: RunSnapshot, generation: PackerGeneration = 'modern') =>
  sourceOf(snapshot, generation).body;
const both: PackerGeneration[] = ['1.6', 'modern'];

describe('the connection to vCenter', () => {
  it.each(both)(
    'names the server as it is written, and its password as a variable, for Packer %s',
    (generation) => {
      const body = bodyOf(clone(), generation);
      expect(body).toMatchObject({ vcenter_server: 'vsphere.example.com:8443', insecure_connection: false });
      expect(body['password']).toMatchObject({ source: 'var.password' });
      expect(vsphere.secrets(clone())).toMatchObject([
        { variable: 'password', kind: 'connection', entityId: clone().connection.id, field: 'password' },
      ]);
    },
  );

  it('brings its authority along as a file, and none where it has none', () => {
    expect(sourceOf(clone()).files).toEqual([{ path: 'authorities/server.pem', content: certificate }]);
    const snapshot = clone();
    if (snapshot.connection.platform !== 'vsphere') throw new Error('not of vSphere');
    const { caCertificatePem: _pem, ...settings } = snapshot.connection.settings;
    const plain = { ...snapshot, connection: { ...snapshot.connection, settings } };
    expect(sourceOf(plain).files).toEqual([]);
  });

  it('with a token is refused: the builders know no tokens', () => {
    const snapshot = { ...clone(), connection: storedConnection('vsphere token') };
    expect(() => bodyOf(snapshot)).toThrow(/has a token, but Packer's vSphere builders log in with a user/);
    expect(() => bodyOf(snapshot)).toThrow(expect.objectContaining({ errorId: 'builder-setting-invalid' }));
    expect(vsphere.secrets(snapshot)).toEqual([]);
  });
});

describe('the machine of a run', () => {
  it('has the name of the image (S126) and, in its notes, the run', () => {
    expect(bodyOf(clone())).toMatchObject({ vm_name: 'Web-Base-v7', convert_to_template: true });
    expect(bodyOf(clone())['notes']).toContain(`- goldsmith:run: ${run.runId}`);
    expect(bodyOf(clone())['notes']).toMatch(/^Made by Goldsmith:/);
  });

  it('has the tags of the connection, as tags where Packer knows them and in the notes where not', () => {
    expect(bodyOf(clone())['tag']).toEqual([{ category: 'Environment', name: 'Production' }]);
    expect(bodyOf(clone())['notes']).not.toContain('Environment');
    expect(bodyOf(clone(), '1.6')['tag']).toBeUndefined();
    expect(bodyOf(clone(), '1.6')['notes']).toContain('- Environment: Production');
  });

  it('is called after the run where the image is an item of a library, which must have another name', () => {
    const body = bodyOf(toLibrary['vsphere-clone']);
    expect(body).toMatchObject({ vm_name: `goldsmith-${run.runId}`, convert_to_template: false });
    expect(body['content_library_destination']).toMatchObject({
      library: 'Golden images',
      name: 'Web-Base-v7',
    });
    expect(body['vm_name']).toMatch(/^.{1,80}$/);
  });

  it('keeps the name where the item is an OVF template', () => {
    const ovf = withSettings(toLibrary['vsphere-clone'], {
      contentLibraryDestination: { library: 'L', ovf: true },
    });
    expect(bodyOf(ovf)).toMatchObject({ vm_name: 'Web-Base-v7', convert_to_template: false });
  });

  it('is no template when the builder says so', () => {
    expect(bodyOf(clone(undefined, { ...login, convertToTemplate: false }))['convert_to_template']).toBe(
      false,
    );
  });
});

describe('what vsphere-iso starts from', () => {
  it.each(['https://example.com/a.iso', 'http://example.com/a.iso', 'file:///isos/a.iso'])(
    '%s is downloaded',
    (url) => {
      const body = bodyOf(iso({ url }, { isoPaths: ['[nfs] tools.iso'] }));
      expect(body).toMatchObject({ iso_url: url, iso_checksum: imageBodies.iso.checksum });
      expect(body['iso_paths']).toEqual(['[nfs] tools.iso']);
    },
  );

  it('a file of a datastore is read where it is, before the others', () => {
    const body = bodyOf(iso({ url: '[nfs] iso/a.iso' }, { isoPaths: ['[nfs] tools.iso'] }));
    expect(body['iso_paths']).toEqual(['[nfs] iso/a.iso', '[nfs] tools.iso']);
    expect(body['iso_url']).toBeUndefined();
  });

  it('a volume of Proxmox is refused', () => {
    const from = iso({ url: 'local:iso/a.iso' });
    expect(() => bodyOf(from)).toThrow(/local:iso\/a\.iso, which is a place of Proxmox/);
    expect(() => bodyOf(from)).toThrow(expect.objectContaining({ errorId: 'base-image-not-found' }));
  });

  it.each(both)('installs itself by keys, by HTTP and by a disc, for Packer %s', (generation) => {
    const { body, downloads } = sourceOf(iso({ unattended: imageBodies.iso.unattended }), generation);
    expect(body).toMatchObject({
      http_directory: 'unattended',
      cd_files: ['unattended/preseed.cfg'],
      cd_label: 'cidata',
    });
    expect(body['boot_command']).toHaveLength(2);
    expect(downloads).toMatchObject([{ path: 'unattended/preseed.cfg', version: 3 }]);
  });
});

describe('the hardware of vsphere-iso', () => {
  it('has a USB controller once, however often it is named', () => {
    expect(bodyOf(iso({}, { usbController: ['usb', 'usb'] }))['usb_controller']).toEqual(['usb']);
  });
});

describe('what vsphere-clone starts from', () => {
  const layered = (locators: NonNullable<RunSnapshot['layer']>['locators']): RunSnapshot => ({
    ...clone([imageOf('image-definition')], login),
    layer: {
      imageDefinitionId: `def_${ulid('D')}`,
      imageVersionId: `ver_${ulid('V')}`,
      name: 'Base-v3',
      createdAt: '2026-01-02T03:04:05.678Z',
      locators,
    },
  });

  it('is a template by its name or path', () => {
    expect(bodyOf(clone())['template']).toBe('/dc/vm/templates/debian-12');
  });

  it('is the image of another definition, by its path where it lies in a folder', () => {
    const place = { role: 'primary' as const, host: 'h', templateName: 'Base-v3' };
    expect(bodyOf(layered([place]))['template']).toBe('Base-v3');
    expect(bodyOf(layered([{ ...place, path: 'golden/Base-v3' }]))['template']).toBe('golden/Base-v3');
  });

  it('is refused when the other definition has no image here', () => {
    const elsewhere = { role: 'primary' as const, projectId: 'p', imageName: 'i', selfLink: 's' };
    expect(() => bodyOf(layered([elsewhere]))).toThrow(
      expect.objectContaining({ errorId: 'base-image-not-found' }),
    );
    expect(() => bodyOf(layered([]))).toThrow(expect.objectContaining({ errorId: 'base-image-not-found' }));
  });
});

describe('the way into the build VM', () => {
  it('is a key that Packer places, or a password, for a clone', () => {
    const key = bodyOf(clone());
    expect(key).toMatchObject({
      communicator: 'ssh',
      ssh_username: 'debian',
      ssh_clear_authorized_keys: true,
    });
    expect(key['ssh_password']).toBeUndefined();
    expect(bodyOf(clone(undefined, login))['ssh_password']).toMatchObject({ source: 'var.ssh_password' });
  });

  it('must be a password where nobody can place a key', () => {
    expect(() => bodyOf(iso({}, { sshPassword: undefined }))).toThrow(/set sshPassword in the builder/);
  });

  it.each(['vsphere-iso', 'vsphere-clone'] as const)('must be a password for WinRM by %s', (type) => {
    const without = withSettings(toLibrary[type], { winrmPassword: undefined });
    expect(() => bodyOf(without)).toThrow(/password of DOMAIN\\builder.*set winrmPassword/);
    expect(() => bodyOf(without)).toThrow(expect.objectContaining({ errorId: 'builder-setting-invalid' }));
  });

  it('needs a user', () => {
    expect(() => bodyOf(clone(undefined, {}))).toThrow(/names the user to log in as/);
    expect(() => vsphere.buildSite(clone(undefined, {}))).toThrow(/names the user to log in as/);
  });
});
