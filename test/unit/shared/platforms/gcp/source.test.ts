import { describe, expect, it } from 'vitest';
import type { PackerGeneration } from '../../../../../shared/contracts/bundle.ts';
import { googlecomputeInput, googlecomputeSettings } from '../../../../../shared/contracts/platforms/gcp.ts';
import { secretInput } from '../../../../../shared/contracts/secret.ts';
import { serializeTemplate } from '../../../../../shared/packer/serialize.ts';
import type { GcpSnapshot } from '../../../../../shared/platforms/gcp/base-image.ts';
import { gcp } from '../../../../../shared/platforms/gcp/index.ts';
import { googlecomputeSource } from '../../../../../shared/platforms/gcp/source.ts';
import { demandPlatform } from '../../../../../shared/platforms/snapshot-of.ts';
import { run, ulid } from '../../packer/fixtures.ts';
import { cases, debianId, gcpSnapshot, linuxFull, minimum, modernOnly } from './cases.ts';
import { containing } from '../../../../support/matchers.ts';

const sourceOf = (
  snapshot: GcpSnapshot,
  generation: PackerGeneration = 'modern',
  baseImage = { id: debianId },
) => googlecomputeSource({ run, snapshot, baseImage, generation });
const bodyOf = (...input: Parameters<typeof sourceOf>) => sourceOf(...input).body;
const withoutBase = (snapshot: GcpSnapshot) => googlecomputeSource({ run, snapshot, generation: '1.6' }).body;

describe('the googlecompute source', () => {
  it('names image, machine and disk after definition, number and run (S126, S127)', () => {
    expect(bodyOf(gcpSnapshot())).toMatchObject({
      project_id: 'images-prod',
      image_name: 'web-base-v7',
      instance_name: 'goldsmith-run-01jd00000000000000000000rn',
      disk_name: 'goldsmith-run-01jd00000000000000000000rn',
    });
  });

  it('labels machine and image by the run, and nobody can label over it', () => {
    const from = gcpSnapshot();
    const forged = { 'goldsmith-run': 'forged', team: 'web' };
    const connection = { ...from.connection, imageTags: forged, temporaryResourceTags: forged };
    const body = bodyOf({ ...from, connection });
    const ours = { 'goldsmith-run': 'run_01jd00000000000000000000rn', team: 'web' };
    expect(body['image_labels']).toMatchObject(ours);
    expect(body['labels']).toMatchObject(ours);
  });

  it('puts the image into a family only where the builder sets one (S147)', () => {
    expect(bodyOf(gcpSnapshot())['image_family']).toBeUndefined();
    expect(bodyOf(gcpSnapshot({ settings: { imageFamily: 'web-base' } }))['image_family']).toBe('web-base');
  });

  it('starts from the very image that was resolved, in its project', () => {
    expect(bodyOf(gcpSnapshot())).toMatchObject({
      source_image: 'debian-12-bookworm-v20260101',
      source_image_project_id: ['debian-cloud'],
    });
    expect(bodyOf(gcpSnapshot())).not.toHaveProperty('source_image_family');
    expect(() => bodyOf(gcpSnapshot(), 'modern', { id: 'ami-0123456789abcdef0' })).toThrow(
      /no image of Compute/,
    );
  });

  it('lets Packer look the image up where none was resolved, always with its project (S147)', () => {
    expect(withoutBase(gcpSnapshot())).toMatchObject({
      source_image_family: 'debian-12',
      source_image_project_id: ['debian-cloud'],
    });
    const image = { type: 'gcp-image', projectId: 'debian-cloud', image: 'debian-12-v1' };
    expect(withoutBase(gcpSnapshot({ image }))).toMatchObject({
      source_image: 'debian-12-v1',
      source_image_project_id: ['debian-cloud'],
    });
  });

  it('builds on the image of another definition, and refuses one that is nowhere on Google Cloud', () => {
    const imageDefinitionId = `def_${ulid('L')}`;
    const locator = {
      role: 'primary' as const,
      projectId: 'shared-1',
      imageName: 'base-v3',
      selfLink: 'https://x',
    };
    const layer = {
      imageDefinitionId,
      imageVersionId: 'ver_1',
      name: 'Base-v3',
      createdAt: '2026-01-01T00:00:00.000Z',
    };
    const from = (locators: (typeof locator)[]) =>
      gcpSnapshot({
        image: { type: 'image-definition', imageDefinitionId },
        fields: { layer: { ...layer, locators } },
      });
    expect(withoutBase(from([locator]))).toMatchObject({
      source_image: 'base-v3',
      source_image_project_id: ['shared-1'],
    });
    expect(() => withoutBase(from([]))).toThrow(/Base-v3 has no image on Google Cloud/);
  });

  it('says that an operating system has no image here', () => {
    const image = { type: 'gcp-family', projectId: 'debian-cloud', family: 'debian-12', region: 'us-east1' };
    expect(() => withoutBase(gcpSnapshot({ image }))).toThrow(
      /has no image for this connection in europe-west1/,
    );
  });

  it('logs in as a user that the guest agent makes, or as who is named', () => {
    expect(bodyOf(gcpSnapshot())).toMatchObject({ communicator: 'ssh', ssh_username: 'goldsmith' });
    const image = {
      type: 'gcp-family',
      projectId: 'p-1',
      family: 'f',
      access: { communicator: 'ssh', username: 'admin' },
    };
    expect(bodyOf(gcpSnapshot({ image }))).toMatchObject({ ssh_username: 'admin' });
    expect(bodyOf(gcpSnapshot({ image, settings: { sshUsername: 'me' } }))).toMatchObject({
      ssh_username: 'me',
    });
    expect(gcp.buildSite(gcpSnapshot({ image }))).toEqual({ user: 'admin', region: 'europe-west1' });
  });
});

describe('Windows in Google Cloud', () => {
  const windows = (settings = {}) => gcpSnapshot({ windows: true, settings });

  it('is reached by WinRM over TLS, which a startup script of a file of its own opens', () => {
    const { body, files } = sourceOf(windows());
    expect(body).toMatchObject({
      communicator: 'winrm',
      winrm_username: 'goldsmith',
      winrm_port: 5986,
      winrm_use_ssl: true,
      metadata_files: { 'windows-startup-script-ps1': 'windows-startup-script.ps1' },
    });
    // Packer asks the guest agent for a password.
    expect(body['winrm_password']).toBeUndefined();
    expect(files.map(({ path }) => path)).toEqual(['windows-startup-script.ps1']);
    expect(files[0]?.content).toContain('-Port 5986');
  });

  it('has the port that the builder names, and an account that is there when the password is the user’s', () => {
    const { body, files } = sourceOf(windows({ winrmPort: 8443, winrmPassword: { value: 'x' } }));
    expect(body).toMatchObject({ winrm_port: 8443, winrm_username: 'Administrator' });
    expect(files[0]?.content).toContain('-Port 8443');
    expect(gcp.secrets(windows({ winrmPassword: { value: 'x' } })).map(({ variable }) => variable)).toEqual([
      'credentials_json',
      'winrm_password',
    ]);
  });

  it('needs no script without TLS, and none of the user’s beside its own', () => {
    expect(sourceOf(windows({ winrmUseSsl: false })).files).toEqual([]);
    const metadata = { 'windows-startup-script-ps1': 'Get-Host' };
    expect(() => sourceOf(windows({ metadata }))).toThrow(/opens WinRM/);
    expect(sourceOf(windows({ metadata, winrmUseSsl: false })).body['metadata']).toEqual(metadata);
  });
});

describe('what differs between the generations of Packer', () => {
  it('is the argument that takes the key file, which is nowhere but in a variable', () => {
    expect(bodyOf(gcpSnapshot(), '1.6')).toHaveProperty('account_file');
    expect(bodyOf(gcpSnapshot(), 'modern')).toHaveProperty('credentials_json');
    expect(JSON.stringify(bodyOf(gcpSnapshot()))).not.toContain('sealed');
  });

  it.each(Object.entries(modernOnly))('is %s, which Packer 1.6 refuses by its name', (name, value) => {
    expect(() => sourceOf(gcpSnapshot({ settings: { [name]: value } }), '1.6')).toThrow(
      expect.objectContaining({ errorId: 'packer-too-old', message: containing(name) }),
    );
  });

  it('is not what asks for nothing more than Packer 1.6 does by itself', () => {
    const settings = { imageProjectId: 'images-prod', useIap: false, enableNestedVirtualization: false };
    const body = bodyOf(gcpSnapshot({ settings }), '1.6');
    for (const field of ['image_project_id', 'use_iap', 'enable_nested_virtualization'])
      expect(body[field]).toBeUndefined();
  });

  it('is a key in the login profile that ends by itself', () => {
    const snapshot = gcpSnapshot({ settings: { useOsLogin: true } });
    expect(bodyOf(snapshot)).toMatchObject({ use_os_login: true, oslogin_ssh_key_expire_after: '24h' });
    expect(bodyOf(snapshot, '1.6')['oslogin_ssh_key_expire_after']).toBeUndefined();
  });
});

describe('workload identity', () => {
  const federated = (settings = {}) => gcpSnapshot({ connection: 'gcp workload-identity', settings });

  it('asks the runner who this deployment is', () => {
    const source = sourceOf(federated());
    expect(source.variables).toEqual([
      { name: 'identity_url', from: 'runner' },
      { name: 'identity_token', from: 'runner' },
    ]);
    expect(gcp.credentials(federated())).toBe('identity');
    expect(gcp.credentials(gcpSnapshot())).toBe('none');
    expect(gcp.secrets(federated())).toEqual([]);
    const text = serializeTemplate(source.body);
    expect(text).toContain('//iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools');
    expect(text).toContain('url = \\"${var.identity_url}\\"');
    expect(text).toContain('Bearer ${var.identity_token}');
  });

  it('cannot be used by Packer 1.6', () => {
    expect(() => sourceOf(federated(), '1.6')).toThrow(/Packer 1.6 cannot do .*workload identity/);
  });

  it('lets no text of the connection begin an expression', () => {
    const from = federated();
    const auth = {
      type: 'workload-identity' as const,
      provider: 'x" }) file("/etc/passwd") ${file("/etc/passwd")} %{if true}',
      serviceAccountEmail: '${var.x}',
    };
    const settings = { ...from.connection.settings, auth };
    const body = bodyOf({ ...from, connection: { ...from.connection, settings } });
    const text = serializeTemplate({ credentials_json: body['credentials_json'] });
    const quoted = JSON.stringify('x" }) file("/etc/passwd") $${file("/etc/passwd")} %%{if true}').slice(
      1,
      -1,
    );
    expect(text).toContain(JSON.stringify(quoted).slice(1, -1));
    expect(text).toContain('serviceAccounts/$${var.x}:generateAccessToken');
  });

  it('reaches the tunnel’s gcloud as a file that the starting script writes', () => {
    const key = serializeTemplate(bodyOf(gcpSnapshot({ settings: { useIap: true } })));
    expect(key).toContain("echo '${base64encode(var.credentials_json)}' | base64 -d");
    expect(serializeTemplate(bodyOf(federated({ useIap: true })))).toContain('${base64encode(jsonencode({');
    expect(bodyOf(federated())).not.toHaveProperty('iap_hashbang');
  });
});

describe('metadata of the user', () => {
  it('stays as it is, and Packer waits for no startup script that it did not wrap', () => {
    const metadata = { 'startup-script': '#!/bin/sh\necho "${HOME}"\n' };
    expect(bodyOf(gcpSnapshot({ settings: { metadata } }))).toMatchObject({
      metadata,
      wrap_startup_script: false,
    });
    const other = { 'serial-port-enable': 'TRUE' };
    expect(bodyOf(gcpSnapshot({ settings: { metadata: other } }))['wrap_startup_script']).toBeUndefined();
  });
});

describe('the settings of the contract', () => {
  const all = Object.keys(googlecomputeSettings(secretInput).shape).sort();
  const plainWinrm = gcpSnapshot({ windows: true, settings: { winrmUseSsl: false } });
  const ours = [...cases, { snapshot: plainWinrm, generations: undefined }].map(
    ({ snapshot, generations }) => ({
      snapshot: demandPlatform(snapshot, 'gcp'),
      generation: generations?.[0] ?? ('1.6' as const),
    }),
  );
  const shown = (snapshot: GcpSnapshot, generation: PackerGeneration): string =>
    JSON.stringify(sourceOf(snapshot, generation));
  const without = (snapshot: GcpSnapshot, name: string): GcpSnapshot => {
    const { builderConfiguration: builder } = snapshot;
    const settings = { ...builder.settings, [name]: name === 'zone' ? 'us-east1-c' : undefined };
    return { ...snapshot, builderConfiguration: { ...builder, settings } };
  };

  it.each(all)('%s changes the template', (name) => {
    const changed = ours.filter(
      ({ snapshot, generation }) =>
        Object.hasOwn(snapshot.builderConfiguration.settings, name) &&
        shown(snapshot, generation) !== shown(without(snapshot, name), generation),
    );
    expect(changed.length).toBeGreaterThan(0);
  });

  it('of the full cases are ones that can be written', () => {
    for (const settings of [linuxFull, { ...modernOnly }])
      expect(
        googlecomputeInput(secretInput).safeParse({ zone: minimum.zone, ...settings }).error,
      ).toBeUndefined();
  });
});
