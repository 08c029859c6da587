/** The one place that says what the local stage goes without, because the emulator refuses or breaks it. */
import type { Stage } from './stage.ts';

/** What is left out, and why. docs/deploying.md lists the same. */
export const leftOut = {
  'cors-configuration':
    'the emulator answers every preflight with 403 when CORS comes by CloudFormation; set by UpdateApi after the deployment',
  'managed-login-branding': 'the emulator does not know the resource; nobody signs in with a browser there',
} as const satisfies Record<string, string>;

/** What `make` gives, except in the local stage. */
export function leftOutLocally<T>(stage: Stage, _what: keyof typeof leftOut, make: () => T): T | undefined {
  return stage.local === undefined ? make() : undefined;
}
