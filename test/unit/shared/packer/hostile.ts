import { array, constantFrom, oneof, string } from 'fast-check';

const MEANINGFUL = [
  ...'${}%~"\'\\`;|&<>#!=, \n\t\0'.split(''),
  '${',
  '%{',
  '$${',
  '%%{',
  '${var.goldsmith_nonce}',
  '{{',
  '}}',
  '{{ .Path }}',
  '$(id)',
  '\r\n',
  'a',
  'é',
  '\u2028',
  '\u{1f980}',
  '\u001b[31m',
  '@@goldsmith',
  'EOF',
];

/** Text made of what means something to HCL, to Go templates, to JSON or to a shell. */
export const hostileText = oneof(
  array(constantFrom(...MEANINGFUL), { maxLength: 24 }).map((parts) => parts.join('')),
  string({ unit: 'binary', maxLength: 40 }),
);

/** Whether a template can carry a text; all others have to be refused. */
export const isCarried = (text: string): boolean =>
  !text.includes('{{') && !text.includes('}}') && !text.includes('\0') && text.isWellFormed();

/** What HCL makes of a literal string: the two escapes of its template language, read from left to right. */
export const unescapeHcl = (text: string): string =>
  text.replaceAll(/\$\$\{|%%\{|\$\{|%\{/g, (token) => {
    if (token.length === 2) throw new Error(`an expression in ${JSON.stringify(text)}`);
    return token.slice(1);
  });
