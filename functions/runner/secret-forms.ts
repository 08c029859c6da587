import { toPlainText } from '../../shared/domain/run/line-text.ts';

/**
 * Shortest text that is taken out of log lines. Goldsmith takes no secret below 8 characters; a value of one to
 * three would hide every other word of a log and still be guessed.
 */
export const MIN_SECRET_CHARACTERS = 4;
/** Shortest part of a secret (one of its lines, base64 without its ends) that is looked for by itself. */
const MIN_PART = 8;
/** Columns at which `openssl` and `base64` break their output. */
const WRAPS = [64, 76];

/**
 * All texts under which a secret is recognised in a line: the value, each of its lines, the strings in it when it
 * is a JSON list or map (how Packer takes such variables), and of each of these the forms below.
 */
export const formsOf = (secret: string): string[] => {
  const values = [secret, ...linesOf(secret), ...jsonStringsOf(secret)];
  const forms = values.flatMap((value) => [
    ...writtenForms(value),
    ...base64Forms(Buffer.from(value)),
    ...urlForms(value),
  ]);
  // Lines reach the redactor without control characters, so the forms are looked for without them, too.
  const plain = forms.flatMap((form) => [toPlainText(form), toPlainText(form).trim()]);
  return [...new Set(plain)].filter((form) => form.length >= MIN_SECRET_CHARACTERS);
};

const linesOf = (value: string): string[] =>
  value
    .split(/\r\n|[\n\r]/)
    .map((line) => line.trim())
    .filter((line) => line.length >= MIN_PART);

const jsonStringsOf = (value: string): string[] => {
  if (!/^\s*[[{]/.test(value)) return [];
  const found: string[] = [];
  try {
    JSON.parse(value, (_key, leaf: unknown) => {
      if (typeof leaf === 'string') found.push(leaf, ...linesOf(leaf));
      return leaf;
    });
  } catch {
    return [];
  }
  return found.filter((leaf) => leaf.length >= MIN_PART);
};

/** As it stands; inside JSON (with and without Go's escapes of HTML); quoted for a shell; inside XML (WinRM). */
const writtenForms = (value: string): string[] => {
  const json = JSON.stringify(value).slice(1, -1);
  const goJson = json.replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
  const xml = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const lineBreaks = value.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
  return [
    value,
    json,
    goJson,
    lineBreaks,
    value.replaceAll("'", String.raw`'\''`),
    value.replaceAll("'", `'"'"'`),
    xml,
    xml.replaceAll('"', '&quot;').replaceAll("'", '&apos;'),
    xml.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
  ];
};

/**
 * Base64, standard and for URLs, with and without padding, wrapped, and as a part of something longer that was
 * encoded (`user:password`): there a secret has one of three alignments, and the characters at both ends depend on
 * its neighbours.
 */
const base64Forms = (value: Buffer): string[] => {
  const whole = value.toString('base64');
  const inside = [0, 1, 2].map((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), value]);
    const first = Math.ceil((offset * 8) / 6);
    return shifted.toString('base64').slice(first, Math.floor((shifted.length * 8) / 6));
  });
  const wrapped = WRAPS.flatMap((width) => whole.match(new RegExp(`.{1,${width}}`, 'g')) ?? []);
  const forms = [whole, ...[...inside, ...wrapped].filter((form) => form.length >= MIN_PART)];
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
};

/** Percent encoding as browsers, Go and form posts write it, in upper- and lower-case hexadecimal. */
const urlForms = (value: string): string[] => {
  const component = encodeURIComponent(value.toWellFormed());
  const strict = component.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([['', value]]).toString().slice(1);
  const upper = [component, strict, strict.replaceAll('%20', '+'), form];
  return upper.flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
};
