import type * as z from 'zod';
import { WrittenSecret } from '../secret.ts';

/** What the fields of a provisioner demand of one another. */

/** Accounts of Windows that a scheduled task runs under without a password. */
const WITHOUT_PASSWORD =
  /^(NT AUTHORITY\\)?(SYSTEM|LOCAL SERVICE|NETWORK SERVICE|LOCALSERVICE|NETWORKSERVICE)$/i;

type Sourced = { resourceId?: unknown; resourceVersion?: unknown };

/** Text or file, one of them; a version only of a file. */
export const oneSource =
  <F extends 'script' | 'content'>(field: F) =>
  (step: Sourced & { [K in F]?: unknown }, context: z.core.$RefinementCtx): void => {
    const say = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const hasText = step[field] !== undefined;
    const hasFile = step.resourceId !== undefined;
    if (!hasText && !hasFile) say(field, `give either ${field} or resourceId`);
    if (hasText && hasFile) say('resourceId', `give either ${field} or resourceId, not both`);
    if (step.resourceVersion !== undefined && !hasFile) say('resourceVersion', 'needs resourceId');
  };

type Elevated = { elevatedUser?: string | undefined; elevatedPassword?: unknown };
/** A password goes with its user, and Packer's task must be able to carry it. */
export const elevation = (step: Elevated, context: z.core.$RefinementCtx): void => {
  const { elevatedUser: user, elevatedPassword: password } = step;
  const say = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  if (user === undefined && password !== undefined) say('elevatedUser', 'elevatedPassword needs it');
  if (user !== undefined && password === undefined && !WITHOUT_PASSWORD.test(user))
    say('elevatedPassword', 'this elevatedUser needs it');
  // PowerShell reads Packer's task in the machine's own code page, and typographic quotes would end the text.
  if (password instanceof WrittenSecret && !/^[ -~]*$/.test(password.value ?? ''))
    say('elevatedPassword', 'may hold printable ASCII characters only');
};

type Upload = { osFamily: string; destination: string; resourceId?: unknown };

/** Linux reads a backslash as an escape; a folder is no name for a text that has none of its own. */
export const placed = (
  { osFamily, destination, resourceId }: Upload,
  context: z.core.$RefinementCtx,
): void => {
  const say = (message: string) => context.addIssue({ code: 'custom', path: ['destination'], message });
  if (osFamily === 'linux' && destination.includes('\\')) say('holds a backslash, and the step is for linux');
  if (resourceId === undefined && /[/\\]$/.test(destination))
    say('names a folder; content needs a file name');
};

type Variables = {
  osFamily: string;
  environment?: Record<string, unknown> | undefined;
  secretEnvironment?: Record<string, unknown> | undefined;
};

/** A variable has one value, open or secret. Windows does not tell `Path` from `PATH`. */
export const oneValue = (step: Variables, context: z.core.$RefinementCtx): void => {
  const keyOf = (name: string) => (step.osFamily === 'windows' ? name.toUpperCase() : name);
  const open = new Set(Object.keys(step.environment ?? {}).map(keyOf));
  for (const name of Object.keys(step.secretEnvironment ?? {}).filter((one) => open.has(keyOf(one))))
    context.addIssue({ code: 'custom', path: ['secretEnvironment', name], message: 'is in environment too' });
};
