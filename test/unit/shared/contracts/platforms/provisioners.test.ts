import { describe, expect, test } from 'vitest';
import { provisionerInput as schema } from '../../../../../shared/contracts/entities/provisioner.ts';
import { ulid } from '../../../../support/builders.ts';
import {
  provisionerExamples,
  type ProvisionerExample,
  provisionerOf,
} from '../../../../support/platform-bodies.ts';
import { pointers } from '../../../../support/pointers.ts';

const refused = (type: ProvisionerExample, fields: object) => pointers(schema, provisionerOf(type, fields));
const resourceId = `res_${ulid('R')}`;

describe('every type of provisioner (S91, S160)', () => {
  test.each(provisionerExamples)('%s: the example is accepted', (type) => {
    expect(refused(type, {})).toEqual([]);
  });

  test.each(provisionerExamples)('%s: unknown fields and wrong numbers are named together (S4)', (type) => {
    const wrong = { colour: 1, timeoutSeconds: '60', retries: 11, pauseBeforeSeconds: -1 };
    expect(refused(type, wrong).sort()).toEqual(
      Object.keys(wrong)
        .map((key) => `/${key}`)
        .sort(),
    );
  });

  test.each(provisionerExamples.filter((type) => type !== 'file'))(
    '%s has the OS family of its type (S158)',
    (type) => {
      const { osFamily } = provisionerOf(type);
      expect(refused(type, { osFamily: osFamily === 'linux' ? 'windows' : 'linux' })).toEqual(['/osFamily']);
    },
  );

  test('a file is for both families', () => {
    expect(refused('file', { osFamily: 'windows' })).toEqual([]);
  });

  test('without a known type the rest is checked all the same', () => {
    expect(pointers(schema, {}).sort()).toEqual(['/name', '/osFamily', '/type']);
    expect(pointers(schema, { ...provisionerOf('shell'), type: 'shell-local' })).toEqual(['/type']);
  });
});

describe('text or uploaded file', () => {
  const scripted: ProvisionerExample[] = ['shell', 'powershell', 'windows-shell', 'ansible-local'];

  test.each(scripted)('%s: one of them, and not both', (type) => {
    expect(refused(type, { script: undefined, resourceId })).toEqual([]);
    expect(refused(type, { script: undefined, resourceId, resourceVersion: 3 })).toEqual([]);
    expect(refused(type, { script: undefined })).toEqual(['/script']);
    expect(refused(type, { resourceId })).toEqual(['/resourceId']);
    expect(refused(type, { resourceVersion: 1 })).toEqual(['/resourceVersion']);
    expect(refused(type, { script: undefined, resourceId: 'res_1' })).toEqual(['/resourceId']);
    expect(refused(type, { script: undefined, resourceId, resourceVersion: 0 })).toEqual([
      '/resourceVersion',
    ]);
    expect(refused(type, { script: '' })).toEqual(['/script']);
  });

  test('a file has content in place of a script', () => {
    expect(refused('file', { resourceId: undefined, resourceVersion: undefined, content: '' })).toEqual([]);
    expect(refused('file', { content: 'x' })).toEqual(['/resourceId']);
    expect(refused('file', { resourceId: undefined })).toEqual(['/content', '/resourceVersion']);
    expect(refused('file', { script: 'x' })).toEqual(['/script']);
  });

  test('a file keeps its own name in a folder, and a text has none', () => {
    const text = { resourceId: undefined, resourceVersion: undefined, content: 'x' };
    expect(refused('file', { destination: '/opt/app/' })).toEqual([]);
    expect(refused('file', { ...text, destination: '/opt/app/' })).toEqual(['/destination']);
    expect(refused('file', { destination: 'C:\\Temp\\', osFamily: 'windows' })).toEqual([]);
    expect(refused('file', { ...text, destination: 'C:\\a.txt', osFamily: 'windows' })).toEqual([]);
  });

  test('a script has at most 200,000 characters', () => {
    expect(refused('shell', { script: 'x'.repeat(200_000) })).toEqual([]);
    expect(refused('shell', { script: 'x'.repeat(200_001) })).toEqual(['/script']);
  });
});

describe('a variable that is given openly and as a secret', () => {
  const secret = { value: 'planted-secret' };
  const both = (open: string, hidden: string) => ({
    environment: { [open]: '1' },
    secretEnvironment: { OTHER: secret, [hidden]: secret },
  });

  test.each<[ProvisionerExample, string, string, string[]]>([
    ['shell', 'KEY', 'KEY', ['/secretEnvironment/KEY']],
    ['shell', 'KEY', 'Key', []],
    ['ansible-local', 'KEY', 'KEY', ['/secretEnvironment/KEY']],
    ['powershell', 'Path', 'PATH', ['/secretEnvironment/PATH']],
    ['windows-shell', 'KEY', 'key', ['/secretEnvironment/key']],
  ])('%s: %s and %s', (type, open, hidden, wrong) => {
    expect(refused(type, both(open, hidden))).toEqual(wrong);
  });
});

describe('a script with full rights on Windows', () => {
  const none = { elevatedUser: undefined, elevatedPassword: undefined };
  test.each<[object, string[]]>([
    [none, []],
    [{ ...none, elevatedUser: 'SYSTEM' }, []],
    [{ ...none, elevatedUser: 'NT AUTHORITY\\system' }, []],
    [{ ...none, elevatedUser: 'Administrator' }, ['/elevatedPassword']],
    [{ elevatedUser: undefined }, ['/elevatedUser']],
    [{ elevatedPassword: 'plain text' }, ['/elevatedPassword']],
    [{ elevatedUser: '{{ .Vars }}' }, ['/elevatedUser']],
    [{ elevatedUser: '.\\build_user-1@example.com' }, []],
    [{ elevatedUser: '</UserId>' }, ['/elevatedUser']],
    [{ elevatedUser: "a\n'@" }, ['/elevatedUser']],
    [{ elevatedUser: 'Jürgen' }, ['/elevatedUser']],
    [{ elevatedPassword: { value: 'it\'s "$ecret" `;' } }, []],
    [{ elevatedPassword: { value: 'typographic “' } }, ['/elevatedPassword']],
    [{ elevatedPassword: { value: 'two\nlines' } }, ['/elevatedPassword']],
  ])('case %#', (fields, expected) => {
    expect(refused('powershell', fields)).toEqual(expected);
  });
});

describe('text that reaches the template', () => {
  test.each<[ProvisionerExample, object, string]>([
    ['windows-restart', { restartCommand: 'shutdown {{ x }}' }, '/restartCommand'],
    ['windows-restart', { restartCheckCommand: '}}' }, '/restartCheckCommand'],
    ['windows-update', { searchCriteria: '{{' }, '/searchCriteria'],
    ['windows-update', { filters: ['include:{{ x }}'] }, '/filters/0'],
    ['windows-update', { filters: ['$true'] }, '/filters/0'],
    ['windows-update', { filters: [] }, '/filters'],
    ['windows-update', { updateLimit: 0 }, '/updateLimit'],
    ['ansible-local', { extraArguments: ['-e', '{{ x }}'] }, '/extraArguments/1'],
    ['ansible-local', { environment: { A: '{{' } }, '/environment/A'],
    ['windows-shell', { environment: { 'A-B': 'x' } }, '/environment/A-B'],
    ['file', { destination: '/tmp/{{ x }}' }, '/destination'],
    ['file', { destination: '/tmp/$(id)' }, '/destination'],
    ['file', { destination: '-S /tmp/x/y' }, '/destination'],
    ['file', { destination: '/tmp/a\\b' }, '/destination'],
    ['windows-restart', { environment: { A: 'x' } }, '/environment'],
    ['file', { secretEnvironment: {} }, '/secretEnvironment'],
  ])('%s refuses %j', (type, fields, pointer) => {
    expect(refused(type, fields)).toEqual([pointer]);
  });
});
