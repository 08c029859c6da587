import { describe, expect, it } from 'vitest';
import type { PackerGeneration } from '../../../../../shared/contracts/bundle.ts';
import type { RunSnapshot } from '../../../../../shared/contracts/snapshot.ts';
import { proxmox } from '../../../../../shared/platforms/proxmox/index.ts';
import { onPremises, withSettings } from '../../../../support/on-premises.ts';
import { certificate, imageBodies, imageOf } from '../../../../support/platform-bodies.ts';
import { storedConnection } from '../../../../support/stored-entities.ts';
import { run, ulid } from '../../packer/fixtures.ts';

const password = { value: 'planted-secret' };
const login = { sshUsername: 'debian', sshPassword: password };
const byHttp = imageBodies.iso.unattended;
const byDisc = { ...byHttp, bootCommand: ['<spacebar>'] };
const iso = (
  image: object = {},
  settings: object = {},
  connection: 'proxmox password' | 'proxmox token' = 'proxmox password',
) =>
  onPremises({
    builderType: 'proxmox-iso',
    settings: { node: 'pve1', isoStoragePool: 'local', ...login, ...settings },
    connection,
    images: [imageOf('iso', { unattended: undefined, ...image })],
  });
const clone = (settings: object = { sshUsername: 'debian' }, image: object = imageOf('template')) =>
  onPremises({
    builderType: 'proxmox-clone',
    settings: { node: 'pve1', ...settings },
    connection: 'proxmox password',
    images: [image],
  });
const sourceOf = (snapshot: RunSnapshot, generation: PackerGeneration = 'modern') =>
  proxmox.source({ run, snapshot, generation });
const bodyOf = (snapshot: RunSnapshot, generation: PackerGeneration = 'modern') =>
  sourceOf(snapshot, generation).body;
const both: PackerGeneration[] = ['1.6', 'modern'];
const withServer = (snapshot: RunSnapshot, server: string): RunSnapshot => {
  if (snapshot.connection.platform !== 'proxmox') throw new Error('not of Proxmox');
  const settings = { ...snapshot.connection.settings, server };
  return { ...snapshot, connection: { ...snapshot.connection, settings } };
};

describe('the connection to Proxmox', () => {
  it.each([
    ['pve.example.com', 'https://pve.example.com:8006/api2/json'],
    ['pve.example.com:443', 'https://pve.example.com:443/api2/json'],
    ['[fd00::1]', 'https://[fd00::1]:8006/api2/json'],
    ['[fd00::1]:443', 'https://[fd00::1]:443/api2/json'],
  ])('goes to %s', (server, url) => {
    expect(bodyOf(withServer(clone(), server))['proxmox_url']).toBe(url);
  });

  it.each(both)('has a password as a variable, for Packer %s', (generation) => {
    const body = bodyOf(clone(), generation);
    expect(body).toMatchObject({ username: 'builder@pve', insecure_skip_tls_verify: false });
    expect(body['password']).toMatchObject({ source: 'var.password' });
    expect(body['token']).toBeUndefined();
    expect(proxmox.secrets(clone())).toMatchObject([
      { variable: 'password', kind: 'connection', field: 'password' },
    ]);
  });

  it('has a token as a variable, which Packer 1.6 does not know', () => {
    const snapshot = { ...clone(), connection: storedConnection('proxmox token') };
    const body = bodyOf(snapshot);
    expect(body).toMatchObject({ username: 'root@pam!goldsmith' });
    expect(body['token']).toMatchObject({ source: 'var.token' });
    expect(body['password']).toBeUndefined();
    expect(proxmox.secrets(snapshot)).toMatchObject([
      { variable: 'token', kind: 'connection', field: 'token' },
    ]);
    expect(() => bodyOf(snapshot, '1.6')).toThrow(/Packer 1\.6 cannot do .* the connection's token\.$/);
    expect(() => bodyOf(snapshot, '1.6')).toThrow(expect.objectContaining({ errorId: 'packer-too-old' }));
  });

  it('brings its authority along as a file', () => {
    expect(sourceOf(clone()).files).toEqual([{ path: 'authorities/server.pem', content: certificate }]);
  });
});

describe('the machine of a run', () => {
  it('is called after the run while it is built, and after the image when it is one (S126)', () => {
    const { vm_name: machine, template_name: image } = bodyOf(clone());
    expect(image).toBe('Web-Base-v7');
    expect(machine).toBe(`goldsmith-${run.runId.replace('_', '-').toLowerCase()}`);
    expect(machine).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  });

  it('says in its description and its tags which run it is of; ours win over those of the connection', () => {
    const snapshot = clone();
    const connection = { ...snapshot.connection, imageTags: { team: 'web', 'goldsmith-run': 'mine' } };
    const body = bodyOf({ ...snapshot, connection });
    expect(body['template_description']).toContain(`- goldsmith:run: ${run.runId}`);
    expect(body['tags']).toMatch(/^team_web;/);
    expect(body['tags']).toMatch(/;goldsmith-run_run-01jd00000000000000000000rn(;|$)/);
    expect(body['tags']).not.toContain('mine');
    // Else the plugin's library refuses them, after the machine is made.
    expect(body['tags']).toMatch(/^\w[\w-]{0,123}(;\w[\w-]{0,123})*$/);
  });

  it('has no tag twice, which the plugin refuses', () => {
    const snapshot = clone();
    const connection = { ...snapshot.connection, imageTags: { a: 'b_c', a_b: 'c' } };
    expect(bodyOf({ ...snapshot, connection })['tags']).toMatch(/^a_b_c;goldsmith-/);
  });

  it('tells the tags in its description where Packer has none', () => {
    expect(bodyOf(clone(), '1.6')['tags']).toBeUndefined();
    expect(bodyOf(clone(), '1.6')['template_description']).toContain('- team: web');
    expect(bodyOf(clone())['template_description']).not.toContain('- team: web');
  });

  it('has a disk of a storage of volumes or of files, as Packer 1.6 wants to know', () => {
    const disks = [
      { storagePool: 'local-lvm', diskSize: '1G' },
      { storagePool: 'local', diskSize: '1G', format: 'qcow2' },
    ];
    expect(bodyOf(iso({}, { disks }), '1.6')['disks']).toMatchObject([
      { storage_pool_type: 'lvm', format: 'raw' },
      { storage_pool_type: 'dir', format: 'qcow2' },
    ]);
  });

  it('asks for several queues only: one is an error of Packer but with virtio', () => {
    const cards = [{ bridge: 'vmbr0', packetQueues: 1 }];
    expect(bodyOf(clone({ ...login, networkAdapters: cards }))['network_adapters']).toEqual([
      { bridge: 'vmbr0' },
    ]);
  });
});

describe('what proxmox-iso starts from', () => {
  const url = 'https://example.com/a.iso';

  it('an ISO that is put in a storage', () => {
    expect(bodyOf(iso({ url }))['boot_iso']).toMatchObject({
      iso_url: url,
      iso_checksum: imageBodies.iso.checksum,
      iso_storage_pool: 'local',
      unmount: true,
    });
    expect(bodyOf(iso({ url }), '1.6')).toMatchObject({
      iso_url: url,
      iso_storage_pool: 'local',
      unmount_iso: true,
    });
    expect(bodyOf(iso({ url }), '1.6')['boot_iso']).toBeUndefined();
  });

  it('an ISO that the node fetches itself, unless it has it or cannot reach it', () => {
    const byNode = { isoDownloadPve: true };
    const bootIso = (from: string) => bodyOf(iso({ url: from }, byNode))['boot_iso'];
    expect(bootIso(url)).toMatchObject({ iso_download_pve: true });
    for (const from of ['local:iso/a.iso', 'file:///isos/a.iso'])
      expect(bootIso(from)).not.toMatchObject({ iso_download_pve: true });
  });

  it.each(both)('an ISO that has no storage to go to is refused, for Packer %s', (generation) => {
    expect(() => bodyOf(iso({ url }, { isoStoragePool: undefined }), generation)).toThrow(
      /set isoStoragePool/,
    );
  });

  it('a volume of Proxmox, which needs no storage', () => {
    const from = iso({ url: 'nas:iso/a.iso' }, { isoStoragePool: undefined, unmountIso: false });
    expect(bodyOf(from)['boot_iso']).toEqual({ iso_file: 'nas:iso/a.iso', unmount: false });
    expect(bodyOf(from, '1.6')).toMatchObject({ iso_file: 'nas:iso/a.iso', unmount_iso: false });
  });

  it.each(['[nfs] iso/a.iso', 'local:import/a.qcow2'])('%s is no place of Proxmox', (place) => {
    expect(() => bodyOf(iso({ url: place }))).toThrow(/which is no place of Proxmox: store:iso\/file/);
  });
});

describe('an installation that runs by itself', () => {
  it('has its files on a disc and by HTTP with a current Packer', () => {
    const { body, downloads } = sourceOf(iso({ unattended: byDisc }));
    expect(body).toMatchObject({ http_directory: 'unattended', boot_command: [{ text: '<spacebar>' }] });
    expect(body['additional_iso_files']).toEqual([
      { cd_files: ['unattended/preseed.cfg'], cd_label: 'cidata', iso_storage_pool: 'local', unmount: true },
    ]);
    expect(body['cd_files']).toBeUndefined();
    expect(downloads).toHaveLength(1);
  });

  it('has them by HTTP only with Packer 1.6, if the boot command reads them there', () => {
    const body = bodyOf(iso({ unattended: byHttp }), '1.6');
    expect(body['http_directory']).toBe('unattended');
    expect(body['additional_iso_files']).toBeUndefined();
    expect(() => bodyOf(iso({ unattended: byDisc }), '1.6')).toThrow(
      expect.objectContaining({ errorId: 'packer-too-old' }),
    );
  });

  it('has them by HTTP only without a storage for a disc, if the boot command reads them there', () => {
    const volume = { url: 'local:iso/a.iso' };
    const nowhere = { isoStoragePool: undefined };
    expect(bodyOf(iso({ ...volume, unattended: byHttp }, nowhere))['additional_iso_files']).toBeUndefined();
    expect(() => bodyOf(iso({ ...volume, unattended: byDisc }, nowhere))).toThrow(/set isoStoragePool/);
  });

  it('may have keys only', () => {
    const body = bodyOf(iso({ unattended: { bootCommand: ['<enter>'], resourceIds: [] } }), '1.6');
    expect(body['boot_command']).toMatchObject([{ text: '<enter>' }]);
    expect(body['http_directory']).toBeUndefined();
  });
});

describe('what proxmox-clone starts from', () => {
  const layered = (path?: string): RunSnapshot => ({
    ...clone(login, imageOf('image-definition')),
    layer: {
      imageDefinitionId: `def_${ulid('D')}`,
      imageVersionId: `ver_${ulid('V')}`,
      name: 'Base-v3',
      createdAt: '2026-01-02T03:04:05.678Z',
      locators: [{ role: 'primary', host: 'pve', templateName: 'Base-v3', ...(path && { path }) }],
    },
  });

  it('is a template by its name', () => {
    const image = imageOf('template', { templateName: 'debian-12' });
    expect(bodyOf(clone(undefined, image))).toMatchObject({ clone_vm: 'debian-12' });
  });

  it('is the image of another definition: by its id, or by its name where Packer or we know no id', () => {
    expect(bodyOf(layered('qemu/9001'))).toMatchObject({ clone_vm_id: 9001 });
    expect(bodyOf(layered('qemu/9001'))['clone_vm']).toBeUndefined();
    expect(bodyOf(layered('qemu/9001'), '1.6')).toMatchObject({ clone_vm: 'Base-v3' });
    expect(bodyOf(layered('/images/x'))).toMatchObject({ clone_vm: 'Base-v3' });
    expect(bodyOf(layered())).toMatchObject({ clone_vm: 'Base-v3' });
  });
});

describe('the way into the build VM', () => {
  it('is a key that cloud-init places in a clone; an ISO needs a password', () => {
    expect(bodyOf(clone())['ssh_password']).toBeUndefined();
    expect(() => bodyOf(iso({}, { sshPassword: undefined }))).toThrow(/set sshPassword in the builder/);
  });

  const noAgent = { ...login, qemuAgent: false, networkAdapters: [{ bridge: 'vmbr0' }] };
  it.each([
    [{ ip: '192.168.1.55/24' }, '192.168.1.55'],
    [{ ip: 'dhcp', ip6: 'fd00::55/64' }, 'fd00::55'],
  ])('is the address that %o gives where no agent tells one', (ipconfig, address) => {
    expect(bodyOf(clone({ ...noAgent, ipconfig: [ipconfig] }))).toMatchObject({ ssh_host: address });
  });

  it.each([[[{ ip: 'dhcp' }]], [[]], [undefined]])(
    'is unknown without an agent and with the addresses %o',
    (ipconfig) => {
      expect(() => bodyOf(clone({ ...noAgent, ipconfig }))).toThrow(
        /Without the QEMU agent nobody tells the address/,
      );
    },
  );

  it('is unknown without an agent for a machine that is installed', () => {
    const snapshot = withSettings(iso(), { qemuAgent: false });
    expect(() => bodyOf(snapshot)).toThrow(expect.objectContaining({ errorId: 'builder-setting-invalid' }));
  });
});
