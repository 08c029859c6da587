import type { RunSnapshot } from '../contracts/snapshot.ts';
import type { TemplateObject } from './expression.ts';
import type { Login } from './login.ts';

type BootSettings = {
  bootWait?: string | undefined;
  bootKeyInterval?: string | undefined;
  shutdownCommand?: string | undefined;
  shutdownTimeout?: string | undefined;
};

/** The pause before the boot command: Packer takes `0s` for "not given", which is ten seconds, and less for none. */
export const bootWaitOf = (wait: string | undefined): string | undefined =>
  wait !== undefined && /^(0+(\.0+)?(ms|s|m|h))+$/.test(wait) ? '-1s' : wait;

/** How a machine that is installed is started and ended, as most builders of hypervisors call it. */
export const bootArguments = (settings: BootSettings): TemplateObject => ({
  boot_wait: bootWaitOf(settings.bootWait),
  boot_key_interval: settings.bootKeyInterval,
  shutdown_command: settings.shutdownCommand,
  shutdown_timeout: settings.shutdownTimeout,
});

/**
 * What shuts the system of the build VM down, for builders that would cut the power instead: what was written last would
 * not be on the disk yet.
 */
export const shutdownCommandFor = ({ operatingSystem }: RunSnapshot, { username }: Login): string => {
  if (operatingSystem.family === 'windows') return 'shutdown /s /t 10 /f';
  return username === 'root' ? 'shutdown -P now' : 'sudo -n shutdown -P now';
};

/** Whether the last step of a run shuts the machine down by itself: it says that the connection may end (S111). */
export const endsByItself = ({ steps }: RunSnapshot): boolean => {
  const last = steps.at(-1)?.provisioner;
  return last !== undefined && 'expectDisconnect' in last && last.expectDisconnect === true;
};
