import { describe, expect, it } from 'vitest';
import type { AwsSnapshot } from '../../../../../shared/platforms/aws/base-image.ts';
import { amazonEbsSource } from '../../../../../shared/platforms/aws/source.ts';
import { PlatformError } from '../../../../../shared/platforms/platform.ts';
import { compileInput, snapshot, ulid, windowsSnapshot, withSettings } from '../../packer/fixtures.ts';

type Fields = Omit<NonNullable<Parameters<typeof compileInput>[0]>, 'snapshot'>;

const sourceOf = (from: AwsSnapshot, fields: Fields = {}) =>
  amazonEbsSource({ ...compileInput(fields), snapshot: from });
const bodyOf = (from: AwsSnapshot, fields: Fields = {}) => sourceOf(from, fields).body;

const withAccess = (
  from: AwsSnapshot,
  access: { communicator: 'ssh' | 'winrm'; username: string; port?: number } | undefined,
): AwsSnapshot => {
  const images = from.operatingSystem.images.map((image) => ({ ...image, access }));
  return { ...from, operatingSystem: { ...from.operatingSystem, images } };
};

describe('the amazon-ebs source', () => {
  it('names image and key pair after definition, number and run (S126, S127)', () => {
    expect(bodyOf(snapshot())).toMatchObject({
      ami_name: 'Web-Base-v7',
      source_ami: 'ami-0abcdef0123456789',
      temporary_key_pair_name: 'goldsmith-run_01JD00000000000000000000RN',
    });
  });

  it('tags all that a run makes, and nobody can tag over it', () => {
    const from = snapshot();
    const connection = { ...from.connection, imageTags: { 'goldsmith:run': 'forged', team: 'web' } };
    const body = bodyOf({ ...from, connection });
    const ours = { 'goldsmith:run': 'run_01JD00000000000000000000RN', 'goldsmith:deployment': 'dep-1' };
    expect(body['tags']).toMatchObject({ ...ours, team: 'web', Name: 'Web-Base-v7' });
    expect(body['snapshot_tags']).toEqual(body['tags']);
    expect(body['run_tags']).toMatchObject({ ...ours, purpose: 'image build' });
    expect(body['run_volume_tags']).toEqual(body['run_tags']);
  });

  it('logs in as the operating system says; settings of the builder win', () => {
    const from = withAccess(snapshot(), { communicator: 'ssh', username: 'admin', port: 2222 });
    expect(bodyOf(from)).toMatchObject({
      communicator: 'ssh',
      ssh_username: 'admin',
      ssh_port: 2222,
      ssh_timeout: '10m',
      ssh_clear_authorized_keys: true,
    });
    const settings = {
      sshUsername: 'builder',
      sshPort: 2200,
      sshTimeout: '1m',
      sshInterface: 'private_ip' as const,
    };
    expect(bodyOf(withSettings(from, settings))).toMatchObject({
      ssh_username: 'builder',
      ssh_port: 2200,
      ssh_timeout: '1m',
      ssh_interface: 'private_ip',
    });
  });

  it('refuses to guess the user of a Linux image', () => {
    expect(() => bodyOf(withAccess(snapshot(), undefined))).toThrow(PlatformError);
  });

  it('reaches Windows by WinRM over TLS, which the user data sets up', () => {
    const { body, files } = sourceOf(windowsSnapshot());
    expect(body).toMatchObject({
      communicator: 'winrm',
      winrm_username: 'Administrator',
      winrm_port: 5986,
      winrm_use_ssl: true,
      winrm_use_ntlm: true,
      user_data_file: 'user-data.txt',
    });
    expect(files.map(({ path }) => path)).toEqual(['user-data.txt']);
    expect(files[0]?.content).toContain('-Port 5986');
    const own = withAccess(windowsSnapshot(), { communicator: 'winrm', username: 'builder', port: 443 });
    expect(bodyOf(own)).toMatchObject({ winrm_username: 'builder', winrm_port: 443 });
    expect(bodyOf(withSettings(own, { winrmUsername: 'root', winrmTimeout: '1h' }))).toMatchObject({
      winrm_username: 'root',
      winrm_timeout: '1h',
    });
  });

  it('has the endpoint for Packer 1.6 and the safer metadata for modern Packer, each only where it is known', () => {
    const ec2Endpoint = 'http://127.0.0.1:4567';
    const old = bodyOf(snapshot(), { generation: '1.6', ec2Endpoint });
    const modern = bodyOf(snapshot(), { generation: 'modern', ec2Endpoint });
    expect(old).toMatchObject({ custom_endpoint_ec2: ec2Endpoint });
    expect(old).not.toHaveProperty('metadata_options');
    expect(modern).toMatchObject({ metadata_options: { http_tokens: 'required' } });
    expect(modern).not.toHaveProperty('custom_endpoint_ec2');
  });

  it('carries the metadata that the builder asks for, for modern Packer', () => {
    const from = withSettings(snapshot(), {
      metadataOptions: { httpTokens: 'optional', httpPutResponseHopLimit: 2 },
      imdsSupport: 'v2.0',
    });
    expect(bodyOf(from, { generation: 'modern' })).toMatchObject({
      metadata_options: { http_endpoint: 'enabled', http_tokens: 'optional', http_put_response_hop_limit: 2 },
      imds_support: 'v2.0',
    });
    const old = bodyOf(from, { generation: '1.6' });
    expect(old).not.toHaveProperty('metadata_options');
    expect(old).not.toHaveProperty('imds_support');
  });

  describe('of a build with a temporary instance profile', () => {
    const policy = {
      Version: '2012-10-17' as const,
      Statement: [{ Effect: 'Allow' as const, Action: ['s3:GetObject'], Resource: ['*'] }],
    };
    const withTags = (temporaryResourceTags: Record<string, string>): AwsSnapshot => {
      const from = withSettings(snapshot(), { temporaryIamInstanceProfilePolicyDocument: policy });
      return { ...from, connection: { ...from.connection, temporaryResourceTags } };
    };

    it('has tags that IAM takes as well, on whose profile and role newer Packer puts them', () => {
      const tags = bodyOf(withTags({ 'Größe.kind/of': 'a b@c:1' }), { generation: 'modern' })['run_tags'];
      // API Reference of IAM, "Tag": the pattern of key and value.
      for (const text of Object.entries(tags ?? {}).flat())
        expect(text).toMatch(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u);
    });

    it.each<Record<string, string>>([{ cost: '50 %' }, { 'owner#1': 'web' }, { note: 'web (team)' }])(
      'is refused with a tag that IAM refuses: %j',
      (tags) => {
        const from = withTags(tags);
        expect(() => bodyOf(from, { generation: 'modern' })).toThrow(
          new RegExp(`${Object.keys(tags)[0]}.*temporaryIamInstanceProfilePolicyDocument`),
        );
        // Packer 1.6 puts no tags on the two, and EC2 takes every character.
        expect(bodyOf(from)['run_tags']).toMatchObject(tags);
      },
    );
  });

  it('builds on a spot instance, whose launch template carries the tags of the run', () => {
    const body = bodyOf(withSettings(snapshot(), { spotPrice: '0.05' }));
    expect(body).toMatchObject({ spot_price: '0.05' });
    expect(body['spot_tags']).toEqual(body['run_tags']);
    expect(bodyOf(snapshot())['spot_tags']).toBeUndefined();
  });

  it('gives user data to a machine reached by SSH as it was written, and never beside its own', () => {
    const userData = '#!/bin/sh\necho {{ braces }} ${stay}\n';
    const { body, files } = sourceOf(withSettings(snapshot(), { userData }));
    expect(body['user_data_file']).toBe('user-data.txt');
    expect(files).toEqual([{ path: 'user-data.txt', content: userData }]);
    expect(() => bodyOf(withSettings(windowsSnapshot(), { userData }))).toThrow(PlatformError);
  });

  it('has the port of WinRM that the builder names', () => {
    const from = withSettings(windowsSnapshot(), { winrmPort: 8443 });
    const { body, files } = sourceOf(from);
    expect(body['winrm_port']).toBe(8443);
    expect(files[0]?.content).toContain('-Port 8443');
  });

  it('asks a machine again whose base image brought a listener of its own', () => {
    const imageDefinitionId = `def_${ulid('BA')}`;
    const layer = {
      imageDefinitionId,
      imageVersionId: `img_${ulid('V')}`,
      name: 'Base-v3',
      createdAt: '2026-01-02T03:04:05.678Z',
      locators: [],
    };
    const from = windowsSnapshot();
    const images = [{ type: 'image-definition' as const, imageDefinitionId }];
    const layered = { ...from, layer, operatingSystem: { ...from.operatingSystem, images } };
    expect(bodyOf(from)['pause_before_connecting']).toBeUndefined();
    expect(bodyOf(layered)['pause_before_connecting']).toBe('60s');
  });

  it('is refused for Windows when the machine is to stop by itself: sysprep leaves it running (S85)', () => {
    const stops = { disableStopInstance: true };
    expect(() => bodyOf(withSettings(windowsSnapshot(), stops))).toThrow(/disableStopInstance/);
    expect(bodyOf(withSettings(snapshot(), stops))['disable_stop_instance']).toBe(true);
    expect(bodyOf(withSettings(windowsSnapshot(), { disableStopInstance: false }))).toBeDefined();
  });

  it('holds no credentials and grants nobody anything (S141)', () => {
    const text = JSON.stringify(bodyOf(snapshot()));
    expect(text).not.toMatch(/assume_role|access_key|secret|profile"|ami_users|ami_groups|snapshot_users/);
  });
});
