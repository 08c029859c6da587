import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { entityName, plainText, tags } from '../../../../shared/contracts/common.ts';
import { builderConfigurationInput } from '../../../../shared/contracts/entities/builder-configuration.ts';
import { connectionInput } from '../../../../shared/contracts/entities/connection.ts';
import { imageDefinitionInput } from '../../../../shared/contracts/entities/image-definition.ts';
import { operatingSystemInput } from '../../../../shared/contracts/entities/operating-system.ts';
import { provisionerInput } from '../../../../shared/contracts/entities/provisioner.ts';
import { provisionerGroupInput } from '../../../../shared/contracts/entities/provisioner-group.ts';
import { provisionerRoleInput } from '../../../../shared/contracts/entities/provisioner-role.ts';
import { runSnapshotSchema } from '../../../../shared/contracts/snapshot.ts';
import { fieldErrors } from '../../../../shared/runtime/api/read-request.ts';
import {
  builderBody,
  connectionBody,
  definitionBody,
  fileBody,
  groupBody,
  operatingSystemBody,
  roleBody,
  roleConnectionBody,
  shellBody,
} from '../../../support/bodies.ts';
import { snapshot } from '../packer/fixtures.ts';

/** Pointers of the fields that a schema refuses; none when it accepts. */
const pointers = (schema: z.ZodType, body: unknown): string[] => {
  const parsed = schema.safeParse(body);
  return parsed.success ? [] : fieldErrors(parsed.error).map((error) => error.pointer);
};
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`K${n}`, 'v']));

describe('bodies of the documentation', () => {
  test.each([
    ['connection', connectionInput, connectionBody()],
    ['connection by role', connectionInput, roleConnectionBody()],
    ['operating system', operatingSystemInput, operatingSystemBody()],
    ['builder configuration', builderConfigurationInput, builderBody()],
    ['shell provisioner', provisionerInput, shellBody()],
    ['file provisioner', provisionerInput, fileBody()],
    ['group', provisionerGroupInput, groupBody()],
    ['role', provisionerRoleInput, roleBody()],
    ['image definition', imageDefinitionInput, definitionBody()],
  ])('a %s is accepted', (_noun, schema, body) => {
    expect(pointers(schema, body)).toEqual([]);
  });
});

describe('text that reaches the template must not hold {{ or }}', () => {
  const settings = { instanceType: 't3.small' };
  test.each([
    ['/imageTags/owner', connectionInput, connectionBody({ imageTags: { owner: '{{ user }}' } })],
    ['/imageTags/{{', connectionInput, connectionBody({ imageTags: { '{{': 'x' } })],
    ['/temporaryResourceTags/o', connectionInput, connectionBody({ temporaryResourceTags: { o: 'a}}' } })],
    ['/settings/amiDescription', builderConfigurationInput, { ...settings, amiDescription: '{{timestamp}}' }],
    ['/settings/iamInstanceProfile', builderConfigurationInput, { ...settings, iamInstanceProfile: '{{x' }],
    ['/settings/kmsKeyId', builderConfigurationInput, { ...settings, kmsKeyId: 'alias/}}' }],
    ['/settings/winrmUsername', builderConfigurationInput, { ...settings, winrmUsername: '{{' }],
    [
      '/settings/launchBlockDeviceMappings/0/kmsKeyId',
      builderConfigurationInput,
      { ...settings, launchBlockDeviceMappings: [{ deviceName: 'sda1', kmsKeyId: '{{' }] },
    ],
    ['/environment/A', provisionerInput, shellBody({ environment: { A: '{{.Path}}' } })],
    ['/variables/A', imageDefinitionInput, definitionBody(undefined, { variables: { A: '}}' } })],
    [
      '/secretEnvironment/A/value',
      provisionerInput,
      shellBody({ secretEnvironment: { A: { value: 'long enough {{' } } }),
    ],
  ])('%s', (pointer, schema, body) => {
    const whole = schema === builderConfigurationInput ? builderBody(undefined, { settings: body }) : body;
    expect(pointers(schema, whole)).toEqual([pointer]);
  });

  test('a script and the content of a file are no templates', () => {
    expect(pointers(provisionerInput, shellBody({ script: 'echo {{ .Vars }}' }))).toEqual([]);
    expect(pointers(provisionerInput, fileBody({ content: '{{ mustache }}' }))).toEqual([]);
  });
});

describe('bounds', () => {
  test('of tags leave room for our own among the 50 of AWS', () => {
    expect(pointers(connectionInput, connectionBody({ imageTags: many(40) }))).toEqual([]);
    expect(pointers(connectionInput, connectionBody({ imageTags: many(41) }))).toEqual(['/imageTags']);
    expect(pointers(connectionInput, connectionBody({ temporaryResourceTags: many(41) }))).toEqual([
      '/temporaryResourceTags',
    ]);
  });

  test('the prefix aws: is refused in any case', () => {
    expect(pointers(connectionInput, connectionBody({ imageTags: { 'AWS:x': 'y' } }))).toEqual([
      '/imageTags/AWS:x',
    ]);
  });

  test('of variables hold for plain and for secret ones', () => {
    const secrets = Object.fromEntries(
      Array.from({ length: 101 }, (_, n) => [`S${n}`, { value: 'long enough' }]),
    );
    expect(pointers(provisionerInput, shellBody({ environment: many(101) }))).toEqual(['/environment']);
    expect(pointers(provisionerInput, shellBody({ secretEnvironment: secrets }))).toEqual([
      '/secretEnvironment',
    ]);
  });

  test('of a secret are bytes, because KMS counts bytes', () => {
    const body = (value: string) => shellBody({ secretEnvironment: { A: { value } } });
    expect(pointers(provisionerInput, body('x'.repeat(4000)))).toEqual([]);
    expect(pointers(provisionerInput, body('€'.repeat(1334)))).toEqual(['/secretEnvironment/A/value']);
    expect(pointers(provisionerInput, body('x'.repeat(7)))).toEqual(['/secretEnvironment/A/value']);
  });

  test('references of one entity fit into one transaction', () => {
    const [image] = operatingSystemBody().images;
    const images = (count: number) =>
      operatingSystemBody({ images: Array.from({ length: count }, () => image) });
    expect(pointers(operatingSystemInput, images(30))).toEqual([]);
    expect(pointers(operatingSystemInput, images(31))).toEqual(['/images']);
  });

  test.each(['Web_Base', '1Base', '', 'B'.repeat(52), 'Bäse', 'Web Base'])(
    '%j is no definition name',
    (name) => {
      expect(pointers(imageDefinitionInput, definitionBody(undefined, { name }))).toEqual(['/name']);
    },
  );

  test('the name of the documentation is one (S127)', () => {
    expect(
      pointers(imageDefinitionInput, definitionBody(undefined, { name: 'Windows11-BaseImage' })),
    ).toEqual([]);
  });
});

describe('text', () => {
  const accepts = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;

  test.each(['a\u0000b', 'bell\u0007', 'esc\u001b[2J', 'del\u007f', 'half \ud800'])(
    '%j is refused',
    (value) => {
      expect(accepts(plainText(100), value)).toBe(false);
    },
  );

  test.each(['two\nlines', 'tab\there', 'emoji 👩‍🚀', 'a\u00a0b'])('%j is accepted', (value) => {
    expect(accepts(plainText(100), value)).toBe(true);
  });

  test.each(['two\nlines', 'two\r\nlines', 'tab\there', ' before', 'after ', '', '\u2028', 'a\u2028b'])(
    'a name is no %j',
    (value) => {
      expect(accepts(entityName, value)).toBe(false);
    },
  );

  test.each(['a:b', ' a', ''])('a tag key is no %j', (key) => {
    expect(accepts(tags, { [key]: 'v' })).toBe(false);
  });
});

test('a run may hold more variables than its definition, group and provisioner each', () => {
  const from = snapshot();
  const steps = from.steps.map((step) => ({ ...step, environment: many(300) }));
  expect(runSnapshotSchema.safeParse({ ...from, steps }).success).toBe(true);
});
