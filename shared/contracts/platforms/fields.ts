import * as z from 'zod';
import { mapOf, templateSafeText } from '../common.ts';

/**
 * Building blocks of platform settings. Every one takes the text that a client shows beside the field: what Packer's
 * argument means, its unit and its default.
 */

const SECONDS: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 };
/** Longer than anything a build waits for; Packer itself cannot count beyond 292 years. */
const MAX_DURATION_SECONDS = 7 * 86_400;

const secondsOf = (text: string): number =>
  [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce(
    (sum, [, count, unit = 's']) => sum + Number(count) * (SECONDS[unit] ?? 1),
    0,
  );

/** Packer's durations, such as `90s` or `1h30m`. */
export const duration = z
  .string()
  .max(32, { abort: true })
  .regex(/^(\d{1,6}(\.\d{1,6})?(ms|s|m|h)){1,4}$/, 'is no duration such as 90s or 1h30m')
  .refine((text) => secondsOf(text) <= MAX_DURATION_SECONDS, 'is longer than a week');

const userName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, 'is no user name: a letter, then letters, digits and _ . -');

export const flag = (about: string) => z.boolean().optional().describe(about);
export const whole = (min: number, max: number, about: string) =>
  z.int().min(min).max(max).optional().describe(about);
/** A price in US dollars an hour, with at most five decimals, as the clouds give theirs. */
export const price = z.number().min(0.00001).max(10_000);
export const text = (max: number, about: string) => templateSafeText(max).min(1).optional().describe(about);
export const span = (about: string) =>
  duration.optional().describe(`${about} A duration such as 90s or 1h30m.`);
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T, about: string) =>
  z.enum(values).optional().describe(about);
/** Text of a form that a regular expression gives; `reason` completes the sentence "the field …". */
export const shaped = (form: RegExp, reason: string) =>
  z.string().max(2048, { abort: true }).regex(form, reason);

/** A UUID as Azure, Nutanix and others print it, in either case. */
export const uuid = shaped(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'is no UUID');
export const macAddress = shaped(
  /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i,
  'is no MAC address such as 00:50:56:00:00:01',
);
/** What Packer's machine can make nothing of in a URL: a host that is none, a port beyond 65535, a lone percent sign. */
export const isUsableUrl = (text: string): boolean =>
  /^(file:\/\/\/|https?:\/\/([A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(\/|$))/i.test(
    text,
  ) &&
  URL.canParse(text) &&
  !/%(?![0-9A-Fa-f]{2})/.test(text);

/** Checksums as Packer takes them: of a file, a URL of a list of them, or none. */
export const fileChecksum = shaped(
  /^((md5:)?[0-9a-f]{32}|(sha1:)?[0-9a-f]{40}|(sha256:)?[0-9a-f]{64}|(sha512:)?[0-9a-f]{128}|file:https?:\/\/[^\s{}]+|none)$/i,
  'is no checksum such as sha256:…, no file:https://… and not none',
).refine(
  (text) => !/^file:/i.test(text) || isUsableUrl(text.slice('file:'.length)),
  'holds a URL that is none',
);
/** A folder of a machine, of Linux or Windows; nothing that climbs out of it. */
export const absoluteFolder = shaped(
  /^(?!.*[\\/]\.\.([\\/]|$))(\/|[A-Za-z]:[\\/])[A-Za-z0-9 _.\\/-]{0,240}$/,
  'is no absolute path of plain characters',
);

/** Most labels, tags or categories of a user on one resource, so that Goldsmith's own fit under every platform's limit. */
const MAX_TAGS = 40;
/** Tags by the rules of a platform. */
export const tagsOf = (key: z.ZodString, value: z.ZodString) => mapOf(key, value, MAX_TAGS, 'tags');

/** A field that many builders have: it is described once in the OpenAPI document. */
const common = <T extends z.ZodType>(id: string, schema: T, about: string) =>
  schema.meta({ id, description: about }).optional();

const port = z.int().min(1).max(65_535);
/** How Packer logs in by SSH, but for a password. */
export const sshFields = {
  sshUsername: common(
    'SshUsername',
    userName,
    "User that Packer logs in as by SSH. Default: the operating system's.",
  ),
  sshPort: common('SshPort', port, "TCP port of SSH. Default: the operating system's, else 22."),
  sshTimeout: common('SshTimeout', duration, 'How long to wait for SSH, such as 90s or 10m. Default: 10m.'),
  sshHandshakeAttempts: common(
    'SshHandshakeAttempts',
    z.int().min(1).max(1000),
    'How often to try the SSH handshake. Default: 10.',
  ),
};
/** How Packer logs in by WinRM, but for a password. */
export const winrmFields = {
  winrmUsername: common(
    'WinrmUsername',
    templateSafeText(64).min(1),
    "User that Packer logs in as by WinRM. Default: the operating system's, else Administrator.",
  ),
  winrmPort: common(
    'WinrmPort',
    port,
    "TCP port of WinRM. Default: the operating system's, else 5986 with TLS and 5985 without.",
  ),
  winrmTimeout: common('WinrmTimeout', duration, 'How long to wait for WinRM, such as 45m. Default: 30m.'),
  winrmUseSsl: common('WinrmUseSsl', z.boolean(), 'Speak TLS with WinRM. Default: true.'),
  winrmInsecure: common(
    'WinrmInsecure',
    z.boolean(),
    'Do not check the certificate of WinRM, which the build VM makes itself. Default: true.',
  ),
};

/** How Packer logs in to the build VM; what is set here wins over the operating system's `access`. */
export const loginFields = <S extends z.ZodType>(secret: S) => ({
  ...sshFields,
  sshPassword: secret
    .optional()
    .describe(
      'Password of sshUsername. Default: a key made for the build, where the platform can place one.',
    ),
  ...winrmFields,
  winrmPassword: secret
    .optional()
    .describe('Password of winrmUsername. Default: what the platform tells of the build VM.'),
});

/** How a machine that Packer installs is started and ended. */
export const bootFields = {
  bootWait: common(
    'BootWait',
    duration,
    'How long to wait after the start before the boot command is typed, such as 5s. Default: 10s.',
  ),
  bootKeyInterval: common(
    'BootKeyInterval',
    duration,
    'Pause between two keys of the boot command, such as 50ms. Default: 100ms.',
  ),
  shutdownCommand: common(
    'ShutdownCommand',
    templateSafeText(1000).min(1),
    'Command that shuts the machine down when all steps are done. Default: asked of the hypervisor; where it would cut the power (QEMU, Nutanix), a command of the system.',
  ),
  shutdownTimeout: common(
    'ShutdownTimeout',
    duration,
    'How long to wait for the machine to shut down, such as 10m. Default: 5m.',
  ),
};

type Issues = { addIssue: (issue: { code: 'custom'; path: PropertyKey[]; message: string }) => void };
/** A rule over several settings, and the field to blame when it does not hold. */
export type SettingsRule<T> = (settings: T, issues: Issues) => void;

/** Says that a field is wrong beside the others. */
export const blame = (issues: Issues, path: PropertyKey | PropertyKey[], message: string): void => {
  issues.addIssue({ code: 'custom', path: Array.isArray(path) ? path : [path], message });
};

/**
 * Settings as they are written: with the rules over several of them, and with a reason of its own for each field of
 * Packer that is not ours to take. Only what is written is checked so: what lies in the table stays readable.
 */
export const written = <T extends z.ZodObject>(
  settings: T,
  options: { rule?: SettingsRule<z.output<T>>; notOurs?: Record<string, string> },
): T => {
  const { rule = () => undefined, notOurs = {} } = options;
  const explain = (_settings: unknown, context: z.core.$RefinementCtx): void => {
    for (const issue of context.issues.filter(({ code }) => code === 'unrecognized_keys')) {
      if (issue.code !== 'unrecognized_keys') continue;
      for (const key of issue.keys.filter((one) => Object.hasOwn(notOurs, one))) {
        issue.keys.splice(issue.keys.indexOf(key), 1);
        context.addIssue({ code: 'custom', path: [key], message: notOurs[key] });
      }
    }
  };
  /** A field that is wrong already is not blamed a second time. */
  const judge = (value: z.output<T>, context: z.core.$RefinementCtx): void => {
    const places = new Set(context.issues.map(({ path }) => JSON.stringify(path)));
    rule(value, {
      addIssue: (issue) => {
        if (!places.has(JSON.stringify(issue.path))) context.addIssue(issue);
      },
    });
  };
  return settings.superRefine(explain, { when: () => true }).superRefine(judge);
};

/** Names that a run makes by itself, whatever Packer's builder calls the argument. */
export const namedByRun = (...fields: string[]): Record<string, string> =>
  Object.fromEntries(
    fields.map((field) => [
      field,
      "is made by each run from the image definition's name and the run's number",
    ]),
  );
