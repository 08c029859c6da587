import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artifactSchema } from '../../../../../shared/contracts/agent-protocol.ts';
import { createArtifactCollector } from '../../../../../shared/packer/output/artifacts.ts';
import { readPackerLine } from '../../../../../shared/packer/output/events.ts';
import { readMachineLine } from '../../../../../shared/packer/output/machine-line.ts';
import { artifactText, isOfTarget, uiLines } from '../../../../../shared/packer/output/ui-text.ts';
import { generationOf } from '../../../../../shared/packer/output/version.ts';

describe('reading a machine-readable line', () => {
  it('gives commas of the text back', () => {
    const line = '1795407767,,ui,error,==> null.image: a%!(PACKER_COMMA)b%!(PACKER_COMMA)%!(PACKER_COMMA)';
    expect(readPackerLine(line)).toEqual({ kind: 'ui', voice: 'error', data: '==> null.image: a,b,,' });
  });

  it('keeps any text through the escape of commas', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((text) => !/%!\(|\n/.test(text)),
        (text) => {
          const escaped = text.replaceAll(',', '%!(PACKER_COMMA)');
          expect(readMachineLine(`1,null.x,ui,say,${escaped}`)?.data).toEqual(['say', text]);
        },
      ),
    );
  });

  it.each([
    ['', 'an empty line'],
    ['panic: runtime error: index out of range', 'a crash'],
    ['==> null.image: hello', 'plain output'],
    ['12345', 'a number'],
    ['1,no type', 'a line without a type'],
    ['x,,ui,say,y', 'no time'],
  ])('takes %j for plain text: %s', (line) => {
    expect(readPackerLine(line)).toEqual({ kind: 'plain', text: line });
  });

  it.each(['constructor', 'to-string', 'artifact-count', 'version-prelease'])(
    'ignores the type %s',
    (type) => {
      expect(readPackerLine(`1,,${type},0,x`)).toEqual({ kind: 'other', type });
    },
  );

  it.each([
    '1,,ui',
    '1,,ui,shout,x',
    '1,t,artifact',
    '1,t,artifact,first,id,x',
    '1,,error-count,many',
    '1,,version,',
  ])('does not trip over the incomplete line %s', (line) => {
    expect(readPackerLine(line)).toMatchObject({ kind: 'other' });
  });

  it('never throws, whatever is printed', () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        expect(readPackerLine(line).kind).toBeTypeOf('string');
      }),
    );
  });

  it('reads counts and versions', () => {
    expect(readPackerLine('1,,error-count,2')).toEqual({ kind: 'error-count', count: 2 });
    expect(readPackerLine('1,,version,1.6.6')).toEqual({ kind: 'version', version: '1.6.6' });
  });
});

describe('lines of a user-interface text', () => {
  it('leaves a backslash and an n of a script alone', () => {
    expect(uiLines(String.raw`    null.image: C:\new\run`)).toEqual([String.raw`C:\new\run`]);
  });

  it('splits what Packer has split, and only there', () => {
    const data = String.raw`==> a.b: one \n two\n==> a.b: three\n==> a.b:\n==> a.b:     four`;
    expect(uiLines(data)).toEqual([String.raw`one \n two`, 'three', '', '    four']);
  });

  it('does not split at the prefix of another build', () => {
    expect(uiLines(String.raw`==> a.b: one\n==> c.d: two`)).toEqual([String.raw`one\n==> c.d: two`]);
  });

  it('splits a text of Packer itself at each line break and drops empty ends', () => {
    const data = String.raw`Error: Unset variable\n\n  on image.pkr.json line 2:\r\n  (source code not available)\n\n`;
    expect(uiLines(data)).toEqual([
      'Error: Unset variable',
      '',
      '  on image.pkr.json line 2:',
      '  (source code not available)',
    ]);
  });

  it('gives nothing for an empty text', () => {
    expect(uiLines('')).toEqual([]);
    expect(uiLines(String.raw`\n\n`)).toEqual([]);
    expect(uiLines('==> a.b:')).toEqual([]);
  });

  it('takes a prefix only for what names a build', () => {
    expect(isOfTarget('==> amazon-ebs.image: x')).toBe(true);
    expect(isOfTarget('    build.amazon-ebs.image: x')).toBe(true);
    expect(isOfTarget("Build 'null.image' errored after 25 milliseconds: x")).toBe(false);
    expect(isOfTarget(String.raw`\n==> Some builds didn't complete successfully and had errors:`)).toBe(
      false,
    );
    expect(isOfTarget('--> null.image: x')).toBe(false);
  });
});

describe('artifacts', () => {
  const collect = (lines: string[]) => {
    const collector = createArtifactCollector();
    for (const line of lines) collector.add(readPackerLine(line));
    return collector.list();
  };
  const ami = (index: number) => [
    `1,amazon-ebs.image,artifact,${index},builder-id,mitchellh.amazonebs`,
    `1,amazon-ebs.image,artifact,${index},id,us-east-1:ami-1%!(PACKER_COMMA)us-west-2:ami-2`,
    String.raw`1,amazon-ebs.image,artifact,${'INDEX'},string,AMIs were created:\nus-east-1: ami-1\n`.replace(
      'INDEX',
      String(index),
    ),
    `1,amazon-ebs.image,artifact,${index},files-count,0`,
    `1,amazon-ebs.image,artifact,${index},end`,
  ];

  it('are read with id, builder and description (S129)', () => {
    expect(collect(['1,amazon-ebs.image,artifact-count,1', ...ami(0)])).toEqual([
      {
        builderId: 'mitchellh.amazonebs',
        id: 'us-east-1:ami-1,us-west-2:ami-2',
        description: 'AMIs were created:\nus-east-1: ami-1',
      },
    ]);
  });

  it('are given once when a manifest makes Packer list them twice', () => {
    expect(collect([...ami(0), ...ami(1)])).toHaveLength(1);
  });

  const vm = (files: string[]) => [
    '1,qemu.image,artifact,0,builder-id,transcend.qemu',
    '1,qemu.image,artifact,0,id,VM',
    `1,qemu.image,artifact,0,files-count,${files.length}`,
    ...files.map((path, place) => `1,qemu.image,artifact,0,file,${place},${path}`),
  ];

  it('have the paths of their files, in order (S129)', () => {
    const paths = ['/images/Web-Base-v7/Web-Base-v7', 'D:\\new images\\a%!(PACKER_COMMA)b.vhdx'];
    expect(collect(vm(paths))).toEqual([
      {
        builderId: 'transcend.qemu',
        id: 'VM',
        description: '',
        files: ['/images/Web-Base-v7/Web-Base-v7', 'D:\\new images\\a,b.vhdx'],
      },
    ]);
  });

  it('keep no file without a path, and of files no more than a completion may hold', () => {
    const odd = ['1,t,artifact,0,file', '1,t,artifact,0,file,0', '1,t,artifact,0,file,x,/a'];
    expect(collect([...vm([]), ...odd])[0]).not.toHaveProperty('files');
    const many = Array.from({ length: 250 }, (_, place) => `/images/${place}`);
    const [found] = collect(vm(['/'.repeat(5000), ...many]));
    expect(found?.files).toEqual(many.slice(0, 100));
    expect(artifactSchema.safeParse(found).success).toBe(true);
  });

  it('need an id: nothing else proves an image (S128)', () => {
    expect(
      collect(['1,null.x,artifact-count,1', '1,null.x,artifact,0,builder-id,x', '1,null.x,artifact,0,id,']),
    ).toEqual([]);
  });

  it('are not read from what a script prints', () => {
    expect(
      collect(['1,,ui,message,    null.x: 1%!(PACKER_COMMA)null.x%!(PACKER_COMMA)artifact,0,id,ami-1']),
    ).toEqual([]);
  });

  it('have line breaks in their text', () => {
    expect(artifactText(String.raw`a\r\nb\n`)).toBe('a\r\nb');
  });
});

describe('the generation of a version', () => {
  it.each([
    ['1.6.6', '1.6'],
    ['1.6.0', '1.6'],
    ['1.15.1', 'modern'],
    ['1.16.0', 'modern'],
    ['2.0.0', 'modern'],
    ['v1.15.10-dev', 'modern'],
    ['1.15.0', undefined],
    ['1.7.0', undefined],
    ['1.14.9', undefined],
    ['1.5.6', undefined],
    ['0.12.0', undefined],
    ['', undefined],
    ['latest', undefined],
  ])('of %s is %s', (version, generation) => {
    expect(generationOf(version)).toBe(generation);
  });
});
