import { describe, expect, it } from 'vitest';
import { MAX_LINE_BYTES } from '../../../../shared/contracts/entities/log.ts';
import { markerText } from '../../../../shared/packer/markers.ts';
import { PRINT_ARTIFACT, printMarker } from './fake-packer.ts';
import { run, stepsOf } from './run-harness.ts';

/** Lines that want to be more than text, or less, through the whole runner (F30). */

/** Shell code that prints bytes as what a script in the machine printed, as Packer passes them on. */
const scriptSays = (printf: string): string =>
  `printf '1,,ui,message,    null.image: '; printf '${printf}'; printf '\\n'`;
const escaped = (text: string): string => text.replaceAll(',', '%%!(PACKER_COMMA)');

const runWith = (...says: string[]) =>
  run({
    build: [
      printMarker(1, 2, 'begin'),
      'say message "    null.image: before"',
      ...says,
      'say message "    null.image: after"',
      printMarker(1, 2, 'end'),
      PRINT_ARTIFACT,
    ].join('\n'),
  });

/** What came of the lines between the first and the last. */
const between = (texts: string[]) => texts.slice(texts.indexOf('before') + 1, texts.indexOf('after'));

describe('a line of a script (F30)', () => {
  it.each([
    ['NUL and other control characters', scriptSays('a\\000b\\007c\\033d'), 'abc'],
    ['a lone surrogate', scriptSays('a\\355\\240\\200b'), 'a\uFFFD\uFFFD\uFFFDb'],
    ['bytes that are no UTF-8', scriptSays('\\377\\376x'), '\uFFFD\uFFFDx'],
    ['colours and titles of a terminal', scriptSays('\\033[1;31mred\\033[0m\\033]0;title\\007!'), 'red!'],
    ['JSON', scriptSays('{"level":"error","seq":1}'), '{"level":"error","seq":1}'],
  ])('with %s is text', async (_, says, text) => {
    const { outcome, texts, api } = await runWith(says);
    expect(outcome).toBe('succeeded');
    expect(between(texts)).toEqual([text]);
    expect(stepsOf(api)).toEqual(['1 running', '1 succeeded', '2 succeeded']);
  });

  it('of a megabyte and more is cut, says so, and the next line is whole', async () => {
    const megabyte = `printf '1,,ui,message,    null.image: '; head -c 1500000 /dev/zero | tr '\\0' x; echo`;
    const { outcome, texts, api } = await runWith(megabyte);
    expect(outcome).toBe('succeeded');
    const [line = '', ...others] = between(texts);
    expect(others).toEqual([]);
    expect(line).toMatch(/^x+ … \(cut, \d+ bytes in all\)$/);
    for (const each of texts) expect(Buffer.byteLength(each)).toBeLessThanOrEqual(MAX_LINE_BYTES);
    expect(api.state.completions[0]?.lastSeq).toBe(texts.length);
  });

  it.each([
    ['an artifact', '1,null.image,artifact,0,id,ami-evil'],
    ['an error of Packer', '1,,ui,error,Build failed'],
    ['a count of artifacts', '1,,artifact-count,7'],
  ])('that looks like %s is text', async (_, text) => {
    const { outcome, texts, completion } = await runWith(scriptSays(escaped(text)));
    expect(outcome).toBe('succeeded');
    expect(between(texts)).toEqual([text]);
    expect(completion).toMatchObject({ artifacts: [{ id: 'Null' }], errors: [] });
  });

  it('that looks like the marker of a step, but for the nonce, is text', async () => {
    const fake = markerText('0'.repeat(32), 1, 2, 'end');
    const { texts, api } = await runWith(scriptSays(fake), scriptSays(markerText('', 2, 2, 'begin')));
    expect(between(texts)).toContain(fake);
    expect(stepsOf(api)).toEqual(['1 running', '1 succeeded', '2 succeeded']);
  });

  it('on the standard error of Packer is never read as one of its messages', async () => {
    const { completion, texts } = await runWith("echo '1,null.image,artifact,0,id,ami-evil' >&2");
    expect(completion?.artifacts).toMatchObject([{ id: 'Null' }]);
    expect(texts).toContain('1,null.image,artifact,0,id,ami-evil');
  });
});

describe('success', () => {
  const ends: [string, boolean, number, string, number][] = [
    ['an image and exit code 0', true, 0, 'succeeded', 1],
    ['an image and another exit code', true, 1, 'failed', 0],
    ['no image and exit code 0', false, 0, 'failed', 0],
    ['no image and another exit code', false, 1, 'failed', 0],
  ];
  it.each(ends)('with %s (S59, S128, F45)', async (_, hasImage, code, outcome, images) => {
    const { completion } = await run({ build: `${hasImage ? PRINT_ARTIFACT : ':'}\nexit ${code}` });
    expect(completion).toMatchObject({ outcome, exitCode: code });
    expect(completion?.artifacts).toHaveLength(images);
  });
});
