import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { serializeTemplate, TemplateTextError } from '../../../../shared/packer/serialize.ts';
import { Expression, GoTemplate, join, variable } from '../../../../shared/platforms/expression.ts';
import { hostileText, isCarried, unescapeHcl } from './hostile.ts';

const written = (value: string): unknown => JSON.parse(serializeTemplate({ field: value }));

/** What Packer reads for a text, or that the text was refused. */
const fate = (text: string): string => {
  try {
    const { field } = z.object({ field: z.string() }).parse(written(text));
    return `carried: ${unescapeHcl(field)}`;
  } catch (error) {
    if (error instanceof TemplateTextError) return 'refused';
    throw error;
  }
};

describe('the serializer of templates', () => {
  it('writes text so that Packer reads back the same text, or refuses it', () => {
    expect.hasAssertions();
    assert(
      property(hostileText, (text) => {
        expect(fate(text)).toBe(isCarried(text) ? `carried: ${text}` : 'refused');
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves no expression in text, in keys either', () => {
    expect(serializeTemplate({ tags: { '${file("x")}': '${file("/etc/passwd")} %{ if true }' } })).toBe(
      `${JSON.stringify({ tags: { '$${file("x")}': '$${file("/etc/passwd")} %%{ if true }' } }, null, 2)}\n`,
    );
  });

  it('writes what the scanner of HCL does not take for text as expressions of its own', () => {
    expect(written('a\r${x}\r\n')).toEqual({ field: 'a${"\\r"}$${x}\r\n' });
    expect(written('$%$\r')).toEqual({ field: '${"$%$\\r"}' });
    expect(written('\ufeff${x}\ufeff')).toEqual({ field: '${"\\ufeff"}$${x}\ufeff' });
  });

  it('leaves alone what is no expression', () => {
    const harmless = '$HOME 100% $$ %Y "quoted" \\n $ {x} % {y}';
    expect(written(harmless)).toEqual({ field: harmless });
  });

  it('writes our own expressions and run-time tokens as they are', () => {
    const text = serializeTemplate({
      a: variable('secret_1'),
      b: new GoTemplate('{{ .Path }}'),
      c: join('K=', new Expression('var.x'), '%{'),
    });
    expect(JSON.parse(text)).toEqual({ a: '${var.secret_1}', b: '{{ .Path }}', c: 'K=${var.x}%%{' });
  });

  it('names the field that it refuses', () => {
    const build = { provisioner: [{ shell: { environment_vars: ['A=1', 'B={{ x }}'] } }] };
    expect(() => serializeTemplate({ build })).toThrow(
      'build.provisioner[0].shell.environment_vars[1] must not hold {{ or }}',
    );
    expect(() => serializeTemplate({ a: { 'x}}': 1 } })).toThrow('a.x}} must not hold');
    expect(() => serializeTemplate({ a: '\ud800' })).toThrow('a is no well-formed text');
    expect(() => serializeTemplate({ a: 'x\0' })).toThrow('a must not hold a NUL character');
    expect(() => serializeTemplate({ a: join('$', variable('x')) })).toThrow(
      'a has a $ in front of an expression',
    );
  });

  it('leaves out what is not set', () => {
    expect(JSON.parse(serializeTemplate({ a: undefined, b: [undefined, 1], c: { d: undefined } }))).toEqual({
      b: [1],
      c: {},
    });
  });
});
