import {
  Expression,
  GoTemplate,
  Joined,
  TokenText,
  type TemplateObject,
  type TemplateScalar,
  type TemplateValue,
} from '../platforms/expression.ts';
import { PlatformError } from '../platforms/platform.ts';

/** A text that Packer would not leave as it is; `path` names the field of the template. */
export class TemplateTextError extends PlatformError {
  readonly path: string;
  constructor(path: string, reason: string) {
    super('text-not-usable', `${path} ${reason}`);
    this.name = 'TemplateTextError';
    this.path = path;
  }
}

type JsonValue = string | number | boolean | JsonValue[] | { [key: string]: JsonValue };

/**
 * Makes a text literal in HCL's template syntax. `{{` starts Packer's second template language; no escape survives
 * the fields that are rendered twice, so it is refused, and so is what is no Unicode text.
 */
const literal = (text: string, path: string): string => {
  if (text.includes('{{') || text.includes('}}')) throw new TemplateTextError(path, 'must not hold {{ or }}');
  if (!text.isWellFormed()) throw new TemplateTextError(path, 'is no well-formed text');
  if (text.includes('\u0000')) throw new TemplateTextError(path, 'must not hold a NUL character');
  // Replacements as functions: in a replacement string `$$` would mean one `$`.
  return escaped(text);
};

/**
 * The two escapes of HCL's template language, and two expressions of ours for what its scanner does not take as text: a
 * carriage return without a line feed, after which it knows no escapes any more, and a byte-order mark at the beginning,
 * which it leaves out. Signs before the carriage return go with it: a `$` before an expression would be an escape.
 */
const escaped = (text: string): string =>
  text
    .replaceAll('${', () => '$${')
    .replaceAll('%{', () => '%%{')
    .replaceAll(/(?<![$%])([$%]*)\r(?!\n)/g, (_, signs: string) => `\${"${signs}\\r"}`)
    .replace(/^\ufeff/, () => '${"\\ufeff"}');

/** Escaped as a whole: a `$` of the user in front of a token would begin an expression. */
const withTokens = ({ text, tokens }: TokenText, path: string): string => {
  const names = tokens.map((token) => token.replaceAll('.', String.raw`\.`)).join('|');
  const rest = text.replaceAll(new RegExp(String.raw`(?<!\{)\{\{ ?(?:${names}) ?\}\}(?!\})`, 'g'), ' ');
  literal(rest, path);
  return escaped(text);
};

const joined = ({ before, expression, after }: Joined, path: string): string => {
  // `$${` would read as an escaped literal, and `{{` could come together across the parts.
  if (before.endsWith('$')) throw new TemplateTextError(path, 'has a $ in front of an expression');
  return `${literal(before, path)}\${${expression.source}}${literal(after, path)}`;
};

const scalar = (value: TemplateScalar, path: string): JsonValue => {
  if (value instanceof Expression) return `\${${value.source}}`;
  if (value instanceof GoTemplate) return value.source;
  if (value instanceof Joined) return joined(value, path);
  if (value instanceof TokenText) return withTokens(value, path);
  return typeof value === 'string' ? literal(value, path) : value;
};

const isScalar = (value: TemplateScalar | TemplateObject): value is TemplateScalar =>
  typeof value !== 'object' ||
  value instanceof Expression ||
  value instanceof GoTemplate ||
  value instanceof Joined ||
  value instanceof TokenText;

const toJson = (value: Exclude<TemplateValue, undefined>, path: string): JsonValue => {
  if (Array.isArray(value)) {
    return value.flatMap((item, place) => (item === undefined ? [] : [toJson(item, `${path}[${place}]`)]));
  }
  if (isScalar(value)) return scalar(value, path);
  const fields = Object.entries(value).flatMap(([key, field]): [string, JsonValue][] => {
    const place = path === '' ? key : `${path}.${key}`;
    return field === undefined ? [] : [[literal(key, place), toJson(field, place)]];
  });
  return Object.fromEntries(fields);
};

/**
 * Writes a template as HCL2-JSON. The only place where text is escaped: every plain string comes out of Packer as
 * it went in (in Unicode's composed form, as HCL keeps all text). Indented, because Packer quotes the line of an
 * error. Throws TemplateTextError.
 */
export const serializeTemplate = (template: TemplateObject): string =>
  `${JSON.stringify(toJson(template, ''), null, 2)}\n`;
