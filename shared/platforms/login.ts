import type { RunSnapshot } from '../contracts/snapshot.ts';
import { imageField, setting } from './checks.ts';
import { PlatformError } from './errors.ts';
import { osImageOf } from './snapshot-of.ts';

/** Default user of Windows images. */
const WINDOWS_USER = 'Administrator';

export type Login = { communicator: 'ssh' | 'winrm'; username: string; port: number | undefined };

/** Nothing on Linux answers WinRM: Packer would wait for it for half an hour, beside a machine that costs. */
const demandWindows = (snapshot: RunSnapshot): void => {
  const { name, family } = snapshot.operatingSystem;
  if (family === 'windows') return;
  const message = `"${name}" is Linux, which is reached by SSH and not by WinRM.`;
  const field = `${imageField(snapshot)}/access/communicator`;
  throw new PlatformError('builder-setting-invalid', message, { field });
};

/**
 * How Packer logs in to the build VM: the builder's own settings win over what the base image says; without a word
 * Linux is reached by SSH and Windows by WinRM. `fallback` is the user of a platform that makes one. Throws
 * PlatformError when nobody names the user of a Linux image, or when WinRM is to reach it.
 */
export const loginOf = (snapshot: RunSnapshot, fallback?: string): Login => {
  const { settings } = snapshot.builderConfiguration;
  const { operatingSystem } = snapshot;
  const access = osImageOf(snapshot)?.access;
  const communicator = access?.communicator ?? (operatingSystem.family === 'windows' ? 'winrm' : 'ssh');
  if (communicator === 'winrm') {
    demandWindows(snapshot);
    const username = settings.winrmUsername ?? access?.username ?? fallback ?? WINDOWS_USER;
    return { communicator, username, port: settings.winrmPort ?? access?.port };
  }
  const username = settings.sshUsername ?? access?.username ?? fallback;
  if (username === undefined) {
    throw new PlatformError(
      'builder-setting-invalid',
      `Neither the operating system "${operatingSystem.name}" nor the builder configuration names the user to log in as.`,
      { field: setting('sshUsername') },
    );
  }
  return { communicator, username, port: settings.sshPort ?? access?.port };
};
