import { array, constantFrom, oneof, string } from 'fast-check';

/** What would read a file, a variable or the runner's environment, or end a string, if a text were not carried as it is. */
export const CANARIES = [
  '${file("/etc/passwd")}',
  '$${file("/etc/passwd")}',
  '${var.secret_1}',
  '${env.PATH}',
  '${templatefile("/etc/passwd", {})}',
  '${vault("/secret", "x")}',
  '%{ for x in ["a"] }${x}%{ endfor }',
  '%{ if true }x%{ endif ~}',
  '"}]},"build":{"sources":[]}',
  '\\"}',
  '//',
  '{{',
  '}}',
  '{{env "PATH"}}',
  '{{ .Path }}',
  '{{`{{`}}',
  '{"{{"}',
  '$(cat /etc/passwd)',
  '`id`',
  "'; id; '",
  '"; exit 1; "',
  '%PATH%',
  '$env:PATH',
  "'@\n",
  '</Arguments>',
];

const MEANINGFUL = [
  ...'${}%~"\'\\`;|&<>#!=, \n\t\0'.split(''),
  '${',
  '%{',
  '$${',
  '%%{',
  '${var.goldsmith_nonce}',
  '$(id)',
  '\r\n',
  '\r',
  'a',
  'é',
  // Composed in NFC: two code points that become one, and one that becomes another.
  'e\u0301',
  '\u212b',
  '“',
  '”',
  '‘',
  '’',
  'Ä',
  '\u2028',
  '\ufeff',
  '\u{1f980}',
  '\u001b[31m',
  '@@goldsmith',
  'EOF',
  ...CANARIES,
];

/** Text made of what means something to HCL, to Go templates, to JSON or to a shell. */
export const hostileText = oneof(
  array(constantFrom(...MEANINGFUL), { maxLength: 24 }).map((parts) => parts.join('')),
  constantFrom(...CANARIES),
  string({ unit: 'binary', maxLength: 40 }),
);

/** Whether a template can carry a text; all others have to be refused. */
export const isCarried = (text: string): boolean =>
  !text.includes('{{') && !text.includes('}}') && !text.includes('\0') && text.isWellFormed();

/** Hostile text that a template carries. */
export const carriedText = hostileText.filter(isCarried);

/** What HCL makes of a literal string: the escapes of its template language, and texts in expressions of ours. */
export const unescapeHcl = (text: string): string =>
  text.replaceAll(/\$\{"([$%]*\\r|\\ufeff)"\}|\$\$\{|%%\{|\$\{|%\{/g, (token, quoted?: string) => {
    if (quoted !== undefined) return quoted.replace('\\r', '\r').replace('\\ufeff', '\ufeff');
    if (token.length === 2) throw new Error(`an expression in ${JSON.stringify(text)}`);
    return token.slice(1);
  });
