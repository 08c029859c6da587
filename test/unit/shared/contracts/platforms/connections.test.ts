import { describe, expect, test } from 'vitest';
import { connectionInput as schema } from '../../../../../shared/contracts/entities/connection.ts';
import { certificate, connectionBodies, serviceAccountKey } from '../../../../support/platform-bodies.ts';
import { pointers } from '../../../../support/pointers.ts';

const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 'v']));
const secret = { value: 'planted-secret' };

describe('every way to reach every platform (S161)', () => {
  test.each(Object.entries(connectionBodies))('%s is accepted', (_case, body) => {
    expect(pointers(schema, body)).toEqual([]);
  });

  test.each(Object.entries(connectionBodies))(
    '%s: unknown fields are named, __proto__ too',
    (_case, body) => {
      const text = JSON.stringify(body).replace('"settings":{', '"settings":{"colour":1,"__proto__":{},');
      const comma = text.replace('{},}', '{}}');
      expect(pointers(schema, JSON.parse(comma)).sort()).toEqual(['/settings/__proto__', '/settings/colour']);
    },
  );

  test.each(Object.entries(connectionBodies))('%s: no secret is taken as plain text', (_case, body) => {
    const text = JSON.stringify(body);
    const plain = text.replace(/\{"value":("(?:[^"\\]|\\.)*")\}/, '$1');
    expect(pointers(schema, JSON.parse(plain)).length > 0).toBe(plain !== text);
  });

  test('without a known platform the rest is checked all the same (S4)', () => {
    expect(pointers(schema, {}).sort()).toEqual(['/name', '/platform', '/settings']);
    expect(pointers(schema, { name: 'x', platform: 'openstack', settings: {}, tags: 3 }).sort()).toEqual([
      '/platform',
      '/tags',
    ]);
  });
});

describe('credentials that cannot be right', () => {
  const azure = connectionBodies['azure client-secret'].settings;
  const gcp = connectionBodies['gcp service-account-key'].settings;
  const proxmox = connectionBodies['proxmox token'].settings;
  const key = (fields: object) => ({
    credentialsJson: { value: JSON.stringify({ ...JSON.parse(serviceAccountKey), ...fields }) },
  });
  const wrongKey = ['/settings/auth/credentialsJson/value'];

  test.each<[string, string, object, string[]]>([
    [
      'a tenant that is no UUID',
      'azure',
      { ...azure, auth: { ...azure.auth, tenantId: 'contoso' } },
      ['/settings/auth/tenantId'],
    ],
    ['a subscription by name', 'azure', { ...azure, subscriptionId: 'prod' }, ['/settings/subscriptionId']],
    [
      'both ways at once',
      'azure',
      { ...azure, auth: { ...azure.auth, type: 'workload-identity' } },
      ['/settings/auth/clientSecret'],
    ],
    ['an unknown way', 'azure', { ...azure, auth: { type: 'certificate' } }, ['/settings/auth/type']],
    ['a project in capitals', 'gcp', { ...gcp, projectId: 'Images' }, ['/settings/projectId']],
    ['a key that is no JSON', 'gcp', { ...gcp, auth: { ...gcp.auth, credentialsJson: secret } }, wrongKey],
    [
      'a key of a user',
      'gcp',
      { ...gcp, auth: { ...gcp.auth, ...key({ type: 'authorized_user' }) } },
      wrongKey,
    ],
    [
      'a key without its key',
      'gcp',
      { ...gcp, auth: { ...gcp.auth, ...key({ private_key: undefined }) } },
      wrongKey,
    ],
    [
      'a key without its account',
      'gcp',
      { ...gcp, auth: { ...gcp.auth, ...key({ client_email: 'me' }) } },
      wrongKey,
    ],
    [
      'a key that is a list',
      'gcp',
      { ...gcp, auth: { ...gcp.auth, credentialsJson: { value: '["service_account"]' } } },
      wrongKey,
    ],
    [
      'a token id without a token',
      'proxmox',
      { ...proxmox, auth: { ...proxmox.auth, username: 'root@pam' } },
      ['/settings/auth/username'],
    ],
    [
      'a token with a password',
      'proxmox',
      { ...proxmox, auth: { ...proxmox.auth, password: secret } },
      ['/settings/auth/password'],
    ],
    ['settings of a machine that has none', 'qemu', { server: 'x' }, ['/settings/server']],
  ])('%s', (_case, platform, settings, expected) => {
    expect(pointers(schema, { name: 'x', platform, settings })).toEqual(expected);
  });

  test('a key file of the usual 2.4 KB fits', () => {
    const value = JSON.stringify({
      ...JSON.parse(serviceAccountKey),
      private_key: `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(1700)}`,
    });
    expect(
      pointers(schema, {
        name: 'x',
        platform: 'gcp',
        settings: { ...gcp, auth: { ...gcp.auth, credentialsJson: { value } } },
      }),
    ).toEqual([]);
  });
});

describe('servers', () => {
  const { settings } = connectionBodies['vsphere password'];
  const refused = (fields: object) =>
    pointers(schema, { name: 'x', platform: 'vsphere', settings: { ...settings, ...fields } });

  test.each(['vcenter', 'vcenter.example.com', '10.0.0.5', 'pve:8006', '[2001:db8::1]:443', 'a:65535'])(
    '%s is one',
    (server) => {
      expect(refused({ server })).toEqual([]);
    },
  );

  test.each([
    '',
    'https://vcenter',
    'vcenter/sdk',
    'a:65536',
    'a:0',
    'a b',
    '-a',
    'a@b',
    '[a.b]',
    '[fd00]:443',
    '{{x}}',
    'x'.repeat(3000),
  ])('%j is none', (server) => {
    expect(refused({ server })).toEqual(['/settings/server']);
  });

  test.each<[unknown, boolean]>([
    [certificate, true],
    [certificate + certificate, true],
    [certificate.replaceAll('\n', '\r\n'), true],
    ['-----BEGIN CERTIFICATE-----', false],
    ['-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', false],
    [`${certificate}{{ file }}`, false],
    ['A'.repeat(50_000), false],
  ])('a certificate: case %#', (caCertificatePem, good) => {
    expect(refused({ caCertificatePem })).toEqual(good ? [] : ['/settings/caCertificatePem']);
  });

  test('insecure is true or false, no text', () => {
    expect(refused({ insecure: 'true' })).toEqual(['/settings/insecure']);
  });
});

describe('tags follow the rules of their platform', () => {
  const tagged = (example: keyof typeof connectionBodies, imageTags: object) =>
    pointers(schema, { ...connectionBodies[example], imageTags });

  test.each<[keyof typeof connectionBodies, object]>([
    ['aws role', { 'AWS:x': 'y' }],
    ['azure workload-identity', { 'a?b': 'c' }],
    ['azure workload-identity', { 'Microsoft.x': 'c' }],
    ['azure workload-identity', { a: 'x'.repeat(257) }],
    ['gcp workload-identity', { Team: 'web' }],
    ['gcp workload-identity', { team: 'Web' }],
    ['gcp workload-identity', { '1team': 'web' }],
    ['gcp workload-identity', { team: 'x'.repeat(64) }],
    ['vsphere password', { Environment: '' }],
    ['proxmox password', { 'a b': 'c' }],
    ['proxmox password', { team: 'Web' }],
    ['nutanix token', { k: 'x'.repeat(65) }],
    ['aws role', { k: '{{ .SourceAMI }}' }],
    ['nutanix token', { k: '}}' }],
  ])('%s refuses %j', (example, tags) => {
    expect(tagged(example, tags)).toEqual([`/imageTags/${Object.keys(tags)[0]}`]);
  });

  test.each<keyof typeof connectionBodies>([
    'aws role',
    'azure workload-identity',
    'gcp workload-identity',
    'vsphere token',
  ])('%s takes 40 and no more: Goldsmith adds its own', (example) => {
    expect(tagged(example, many(40))).toEqual([]);
    expect(tagged(example, many(41))).toEqual(['/imageTags']);
  });

  test.each<keyof typeof connectionBodies>(['hyperv', 'qemu'])('%s has none', (example) => {
    expect(tagged(example, { a: 'b' })).toEqual(['/imageTags']);
  });
});
