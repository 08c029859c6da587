import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, REDACTED } from '../../../../functions/runner/redactor.ts';
import { cutLine, toPlainText } from '../../../../shared/domain/run/line-text.ts';

const redactorFor = (...secrets: string[]) => {
  const redactor = createRedactor();
  redactor.add(secrets);
  return redactor;
};
const secret = fc
  .string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 60 })
  .filter((text) => text.trim().length >= 8);
/** Text around a secret that holds no part of one by chance. */
const filler = fc.string({ unit: fc.constantFrom('·', '—', '…') });

/** The ways in which a secret is found in a log. */
const writings: [string, (value: string) => string][] = [
  ['as it is', (value) => value],
  ['in JSON', (value) => JSON.stringify({ password: value })],
  ['in base64', (value) => Buffer.from(value).toString('base64')],
  ['in base64url', (value) => Buffer.from(value).toString('base64url')],
  ['in base64 without padding', (value) => Buffer.from(value).toString('base64').replaceAll('=', '')],
  ['in a URL', (value) => `https://x/?q=${encodeURIComponent(value)}`],
  ['in a form', (value) => new URLSearchParams({ q: value }).toString()],
  ['quoted for a shell', (value) => `'${value.replaceAll("'", String.raw`'\''`)}'`],
  ['in XML', (value) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')],
];

describe('the redactor', () => {
  it.each(writings)('hides a secret %s, anywhere in a line', (_name, write) => {
    fc.assert(
      fc.property(secret, filler, filler, (value, before, after) => {
        const written = write(value);
        const safe = redactorFor(value).redact(toPlainText(before + written + after));
        expect(safe).toContain(REDACTED);
        expect(safe).not.toContain(value.trim());
        expect(safe.startsWith(before)).toBe(true);
        expect(safe.endsWith(after)).toBe(true);
      }),
    );
  });

  it.each([0, 1, 2, 3, 4])('hides a secret that was encoded in base64 behind %i other bytes', (count) => {
    const value = 'correct horse battery';
    const encoded = Buffer.from(`${'u'.repeat(count)}${value}:more`).toString('base64');
    expect(redactorFor(value).redact(`Basic ${encoded}`)).toContain(REDACTED);
  });

  it('hides each line of a key, and its base64 when that was wrapped', () => {
    const key = `-----BEGIN KEY-----\n${'MIIabcdefgh0123456789/+'.repeat(8)}\r\nshort\nsecond-line-of-the-key\n`;
    const redactor = redactorFor(key);
    for (const line of key.split(/\r?\n/).filter((text) => text.length >= 8)) {
      expect(redactor.redact(`x ${line} y`)).toBe(`x ${REDACTED} y`);
    }
    for (const line of Buffer.from(key)
      .toString('base64')
      .match(/.{1,76}/g) ?? []) {
      expect(redactor.redact(line)).not.toContain(line.slice(2, -2));
    }
  });

  it('hides the strings of a list and a map, which is how Packer takes such variables', () => {
    const redactor = redactorFor('["first-secret","other-secret"]', '{"key":"third-secret\\nfourth-secret"}');
    const said = 'first-secret other-secret third-secret fourth-secret';
    expect(redactor.redact(said)).toBe([REDACTED, REDACTED, REDACTED, REDACTED].join(' '));
  });

  it('hides secrets that overlap, to their very ends', () => {
    const redactor = redactorFor('abcdefgh', 'efghijkl', 'ijklmnop');
    expect(redactor.redact('x abcdefghijklmnop y')).toBe(`x ${REDACTED} y`);
    expect(redactorFor('aaaabaaaab').redact('aaaabaaaabaaaab')).toBe(REDACTED);
  });

  it('hides a secret whose text holds what looks like a line break', () => {
    const value = String.raw`pass\nword\new`;
    expect(redactorFor(value).redact(`    null.x: ${value}`)).toBe(`    null.x: ${REDACTED}`);
  });

  it('hides a secret without the spaces and line ends around it', () => {
    expect(redactorFor('  s3cr3t-value \n').redact('is s3cr3t-value.')).toBe(`is ${REDACTED}.`);
  });

  it('leaves everything else as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(redactorFor('a-secret-that-is-not-there').redact(text)).toBe(text);
      }),
    );
    expect(createRedactor().redact('nothing to hide')).toBe('nothing to hide');
  });

  it('says how many values are too short to be hidden', () => {
    const redactor = createRedactor();
    expect(redactor.add(['a', 'abc', '', ' ', 'abcd'])).toBe(2);
    expect(redactor.redact('a abc abcd')).toBe(`a abc ${REDACTED}`);
  });

  it('hides values that are added later', () => {
    const redactor = redactorFor('first-secret');
    redactor.add(['later-secret']);
    expect(redactor.redact('first-secret later-secret')).toBe(`${REDACTED} ${REDACTED}`);
  });

  it('leaks no beginning of a secret at the forced end of an endless line', () => {
    fc.assert(
      fc.property(secret, fc.nat(100), (value, kept) => {
        const whole = `${'·'.repeat(50)}${value}`;
        const cut = whole.slice(0, 50 + (kept % value.length));
        expect(redactorFor(value).redact(cut, true)).toMatch(/^·*$/);
      }),
    );
  });

  it('leaves no part of a secret at the end of a line that is cut after', () => {
    const value = 'S'.repeat(40);
    for (let at = 8100; at <= 8192; at += 1) {
      expect(cutLine(redactorFor(value).redact(`${'x'.repeat(at)}${value}${'y'.repeat(500)}`))).not.toContain(
        'SSSS',
      );
    }
  });

  it('leaves a long log without secrets as it is', () => {
    const secrets = Array.from(
      { length: 20 },
      (_, at) => `${Buffer.from(`secret ${at}`).toString('hex')}-${at}`,
    );
    const redactor = redactorFor(...secrets);
    const lines = Array.from(
      { length: 20_000 },
      (_, at) =>
        `Get:${at} http://deb.debian.org/debian bookworm/main amd64 Packages [${at} kB] ${'x'.repeat(60)}`,
    );
    expect(lines.filter((line) => redactor.redact(line) !== line)).toEqual([]);
  });
});
