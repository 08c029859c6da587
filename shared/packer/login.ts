import { LOGIN_FILE_VARIABLE } from '../contracts/bundle.ts';
import { Expression, join, type TemplateObject } from '../platforms/expression.ts';

/**
 * How the login of a build VM leaves Packer, which keeps the key that it makes for a build in its memory and is killed
 * when the run is stopped: a first provisioner on Packer's own machine writes it to a file of the job's folder.
 */

/** Texts in base64: they stand in a shell script, and Packer's own template language must not see `{{` in them. */
const TEXTS = { type: 'ConnType', host: 'Host', user: 'User', password: 'Password', key: 'SSHPrivateKey' };

/** What a builder does not tell is empty; a template that fails for it would fail the run. */
const told = (source: string, otherwise: string) => new Expression(`try(${source}, ${otherwise})`);

/**
 * The provisioner that writes the file, a word and a value a line; without the environment variable it does nothing, so that the
 * template runs anywhere. The values are in the script's text alone, which Packer writes to its temporary folder with
 * mode 700, and in no argument of a process: `echo` is part of every shell. It never fails: a login is no reason to.
 * On Linux only: what `cmd` makes of such lines is not certain.
 */
export const loginStep = (): TemplateObject => ({
  'shell-local': {
    only_on: ['linux'],
    inline: [
      'set +e',
      `[ -n "$${LOGIN_FILE_VARIABLE}" ] || exit 0`,
      'umask 077',
      '{',
      ...Object.entries(TEXTS).map(([word, name]) =>
        join(`echo "${word} `, told(`base64encode(build.${name})`, '""'), '"'),
      ),
      join('echo "port ', told('build.Port', '0'), '"'),
      `} > "$${LOGIN_FILE_VARIABLE}.new" && mv "$${LOGIN_FILE_VARIABLE}.new" "$${LOGIN_FILE_VARIABLE}"`,
      'exit 0',
    ],
  },
});

const line = (text: string, word: string): string =>
  new RegExp(`^${word} (.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';

/** What the file holds, as Packer knows it; undefined for what it does not tell. */
export const readLogin = (text: string) => {
  const value = (word: keyof typeof TEXTS): string | undefined => {
    const decoded = Buffer.from(line(text, word), 'base64').toString();
    return decoded === '' ? undefined : decoded;
  };
  const port = Number(line(text, 'port'));
  return {
    communicator: value('type'),
    host: value('host'),
    port: Number.isInteger(port) && port > 0 ? port : undefined,
    user: value('user'),
    password: value('password'),
    privateKey: value('key'),
  };
};
