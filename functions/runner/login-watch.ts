import { existsSync, readFileSync, rmSync } from 'node:fs';
import { type VmLogin, vmLoginSchema } from '../../shared/contracts/agent-protocol.ts';
import { readLogin } from '../../shared/packer/login.ts';
import type { Redactor } from './redactor.ts';

export type LoginWatchOptions = {
  /** The file that Packer writes the login to, before the first step. */
  file: string;
  redactor: Pick<Redactor, 'add'>;
  /** Whether a step has begun: from then on the file is there, or never will be. */
  hasBegun: () => boolean;
};

export type LoginWatch = {
  /** To be called before each line is read: what the file holds leaves the machine in none after it. */
  look: () => void;
  /** How to log in to the build VM; undefined when Packer told none that can be handed over. */
  login: () => VmLogin | undefined;
};

/** Waits for the login of the build VM, and hides its secrets from then on. */
export const watchLogin = ({ file, redactor, hasBegun }: LoginWatchOptions): LoginWatch => {
  let found: ReturnType<typeof readLogin> | undefined;
  let isOver = false;

  const look = (): void => {
    if (isOver) return;
    if (!existsSync(file)) {
      isOver = hasBegun();
      return;
    }
    isOver = true;
    found = readLogin(readFileSync(file, 'utf8'));
    // From here on it is in this process alone.
    rmSync(file, { force: true });
    redactor.add(secretTexts(found));
  };
  return {
    look,
    login: () => {
      look();
      return found && handedOver(found);
    },
  };
};

/** A key is known by its own lines: the words around them are those of any key. */
const secretTexts = ({ password, privateKey }: ReturnType<typeof readLogin>): string[] => {
  const lines = (privateKey ?? '').split(/\r?\n/).filter((line) => !line.startsWith('-----'));
  const whole = privateKey === undefined ? [] : [Buffer.from(privateKey).toString('base64')];
  return [...lines, ...whole, ...(password === undefined ? [] : [password])];
};

/** What the API would refuse is left out: the end of a build must not wait for its login. */
const handedOver = (found: ReturnType<typeof readLogin>): VmLogin | undefined => {
  const fits = (value: string | undefined): boolean =>
    vmLoginSchema.shape.privateKey.safeParse(value).success;
  const login = vmLoginSchema.safeParse({
    ...found,
    privateKey: fits(found.privateKey) ? found.privateKey : undefined,
    password: fits(found.password) ? found.password : undefined,
  });
  if (!login.success) return undefined;
  const { privateKey, password } = login.data;
  return privateKey === undefined && password === undefined ? undefined : login.data;
};
