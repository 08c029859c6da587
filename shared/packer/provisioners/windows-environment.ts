import { Expression, join, type TemplateObject } from '../../platforms/expression.ts';
import { environmentOf, type Provisioner, type StepOf } from './step.ts';

/** Tells our values from those that Packer adds by itself. */
const ENCODED = 'base64:';

/** Values that mean nothing but themselves stay as they are, for people to read. */
const PLAIN = /^(?!base64:)[\w .,:;/\\@+=-]*$/;

/**
 * Packer writes each variable into a script as `$env:NAME="value"`, which no text of a user may get into: PowerShell
 * ends a text at typographic quotes as well, which Packer does not know; and it reads a script without a byte-order
 * mark in the machine's own code page, in which one byte of `Ä` is such a quote. Nothing in base64 means anything, and
 * every character arrives. No two braces in a row: they would begin a template.
 */
const FORMAT = [
  "$env:%s=& { $v='%s';",
  `if ($v.StartsWith('${ENCODED}'))`,
  `{ [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($v.Substring(${ENCODED.length}))) }`,
  'else { $v } }\n',
].join(' ');

const carried = (text: string): string =>
  PLAIN.test(text) ? text : `${ENCODED}${Buffer.from(text).toString('base64')}`;

/** The environment of a script that Packer's `powershell` runs. Windows has no empty variable: such a one is not set. */
export const windowsEnvironment = (
  step: Pick<StepOf<Provisioner>, 'environment' | 'secretEnvironment'>,
): TemplateObject => ({
  environment_vars: environmentOf(step, {
    plain: (name, value) => `${name}=${carried(value)}`,
    secret: (name, from) => join(`${name}=${ENCODED}`, new Expression(`base64encode(var.${from})`)),
  }),
  env_var_format: FORMAT,
});
