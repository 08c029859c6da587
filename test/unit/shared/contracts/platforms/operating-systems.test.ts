import { describe, expect, test } from 'vitest';
import {
  operatingSystemInput as schema,
  referencesOfImages,
} from '../../../../../shared/contracts/entities/operating-system.ts';
import { imageTypes } from '../../../../../shared/contracts/platforms/kinds.ts';
import { ulid } from '../../../../support/builders.ts';
import { imageExamples, imageOf, type ImageExample, systemOf } from '../../../../support/platform-bodies.ts';
import { pointers } from '../../../../support/pointers.ts';

const refused = (type: ImageExample, fields: object) => pointers(schema, systemOf([imageOf(type, fields)]));
const ids = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${prefix}_${ulid(String(n).padStart(3, '0'))}`);

describe('where a base image is (S28, S165)', () => {
  test('every type has an example here', () => {
    expect([...imageExamples].sort()).toEqual([...imageTypes].sort());
  });

  test('one system may name images of all platforms', () => {
    const images = imageExamples.map((type) => imageOf(type, { connectionId: `con_${ulid('C')}` }));
    expect(pointers(schema, systemOf(images))).toEqual([]);
    expect(schema.parse(systemOf(images)).images).toEqual(images);
  });

  test.each(imageExamples)(
    '%s: unknown fields, a wrong login and a wrong region are named together',
    (type) => {
      const access = { communicator: 'telnet', username: 'a b' };
      expect(refused(type, { colour: 1, access, region: '{{ x }}', rootDevice: 'sda' }).sort()).toEqual([
        '/images/0/access/communicator',
        '/images/0/access/username',
        '/images/0/colour',
        '/images/0/region',
        '/images/0/rootDevice',
      ]);
    },
  );

  test.each([
    ['ssh', 'first.last', true],
    ['ssh', 'Administrator', true],
    ['winrm', 'EXAMPLE\\first.last', true],
    ['winrm', 'corp.example\\builder', true],
    ['ssh', 'EXAMPLE\\builder', false],
    ['winrm', 'EXAMPLE\\', false],
    ['winrm', 'a\\b\\c', false],
    ['ssh', '-oProxyCommand', false],
  ])('logs in by %s as %s: %s', (communicator, username, good) => {
    const wrong = good ? [] : ['/images/0/access/username'];
    expect(refused('aws-ami', { access: { communicator, username } })).toEqual(wrong);
  });

  test.each<[ImageExample, object, string]>([
    ['aws-ami', { amiId: 'ami-XYZ' }, 'amiId'],
    ['aws-ami', { region: 'westeurope' }, 'region'],
    ['aws-ami-filter', { owners: [] }, 'owners'],
    ['aws-ami-filter', { owners: [99720109477] }, 'owners/0'],
    ['aws-ssm-parameter', { parameter: 'no-slash' }, 'parameter'],
    ['azure-marketplace', { publisher: '' }, 'publisher'],
    ['azure-marketplace', { version: '24.04' }, 'version'],
    ['azure-marketplace', { plan: { name: 'x', product: 'y' } }, 'plan/publisher'],
    ['azure-marketplace', { unattended: { bootCommand: [], resourceIds: [] } }, 'unattended'],
    ['azure-gallery-image', { imageVersionId: '/subscriptions/x/galleries/y' }, 'imageVersionId'],
    ['gcp-family', { family: 'Debian 12' }, 'family'],
    ['gcp-image', { projectId: 'x' }, 'projectId'],
    ['iso', { url: 'debian.iso' }, 'url'],
    ['iso', { url: 'ftp://host/x.iso' }, 'url'],
    ['iso', { url: 'https://host/{{isotime}}.iso' }, 'url'],
    ['iso', { url: 'https://host%:(~x/y.iso' }, 'url'],
    ['iso', { url: 'https://host:99999/y.iso' }, 'url'],
    ['iso', { url: 'https://host/100%.iso' }, 'url'],
    ['iso', { url: 'file:///iso/%|' }, 'url'],
    ['iso', { checksum: 'file:https://ho%st/SHA256SUMS' }, 'checksum'],
    ['iso', { checksum: 'sha256:abc' }, 'checksum'],
    ['iso', { checksum: undefined }, 'checksum'],
    ['disk', { checksum: 'crc32:00000000' }, 'checksum'],
    ['template', { templateName: '{{ .Name }}' }, 'templateName'],
    ['image-definition', { imageDefinitionId: `run_${ulid('D')}` }, 'imageDefinitionId'],
  ])('%s refuses %j', (type, fields, field) => {
    expect(refused(type, fields)).toEqual([`/images/0/${field}`]);
  });

  test.each([
    'https://host/a.iso',
    'http://host:8080/a/b.iso?x=1',
    'file:///srv/iso/a.iso',
    '[nfs] iso/a b.iso',
    'local:iso/a.iso',
    'cephfs:import/a.qcow2',
  ])('%s is a place of an ISO', (url) => {
    expect(refused('iso', { url })).toEqual([]);
  });

  test.each(['none', 'a'.repeat(64), `SHA512:${'F'.repeat(128)}`, `md5:${'0'.repeat(32)}`])(
    '%s is a checksum',
    (checksum) => {
      expect(refused('disk', { checksum })).toEqual([]);
    },
  );

  test('an unknown type is named with the other faults of that image', () => {
    expect(
      pointers(schema, { ...systemOf([]), images: [{ type: 'vhd', connectionId: 7 }, 5] }).sort(),
    ).toEqual(['/images/0/connectionId', '/images/0/type', '/images/1']);
  });
});

describe('an unattended installation', () => {
  const unattended = (bootCommand: unknown, resourceIds: unknown = []) =>
    refused('iso', { unattended: { bootCommand, resourceIds } });
  const place = '/images/0/unattended';

  test.each(['<enter>', 'url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/', '{{.HTTPIP}}', ''])(
    'types %j',
    (line) => {
      expect(unattended([line])).toEqual([]);
    },
  );

  test.each([
    '{{ .Password }}',
    '{{ env `HOME` }}',
    '{{ .HTTPIP',
    '{{{ .HTTPIP }}}',
    '{{  .HTTPIP }}',
    'bell\u0007',
  ])('does not type %j', (line) => {
    expect(unattended([line])).toEqual([`${place}/bootCommand/0`]);
  });

  test('has bounds', () => {
    expect(unattended(Array(201).fill('<enter>'))).toEqual([`${place}/bootCommand`]);
    expect(unattended([], ids('res', 21))).toEqual([`${place}/resourceIds`]);
    const [one] = ids('res', 1);
    expect(unattended([], [one, one])).toEqual([`${place}/resourceIds/1`]);
    expect(unattended('<enter>')).toEqual([`${place}/bootCommand`]);
  });
});

describe('what a system refers to', () => {
  test('is found with its place', () => {
    const { images } = schema.parse(
      systemOf([
        imageOf('aws-ami', { connectionId: `con_${ulid('1')}` }),
        imageOf('iso'),
        imageOf('image-definition'),
      ]),
    );
    expect(referencesOfImages(images)).toEqual([
      { pointer: '/images/0/connectionId', kind: 'connection', id: `con_${ulid('1')}` },
      { pointer: '/images/1/unattended/resourceIds/0', kind: 'resource', id: `res_${ulid('R')}` },
      { pointer: '/images/2/imageDefinitionId', kind: 'image-definition', id: `def_${ulid('D')}` },
    ]);
  });

  test('fits into one transaction: 30 different things, however often they are named', () => {
    const images = (count: number) =>
      ids('con', count).map((connectionId) => imageOf('aws-ami', { connectionId }));
    const [first] = images(1);
    expect(pointers(schema, systemOf(images(30)))).toEqual([]);
    const full = [...images(29), imageOf('iso', { connectionId: ids('con', 1)[0] })];
    expect(pointers(schema, systemOf(full))).toEqual([]);
    const over = full.map((image, at) =>
      at === 29 ? imageOf('iso', { unattended: { bootCommand: [], resourceIds: ids('res', 2) } }) : image,
    );
    expect(pointers(schema, systemOf(over))).toEqual(['/images']);
    expect(pointers(schema, systemOf(Array(30).fill(first)))).toEqual([]);
  });
});
