import type { FailureCategory } from '../../contracts/entities/run.ts';
import { type PlatformId, platformKinds } from '../../contracts/platforms/kinds.ts';

/** What kind of machine a run builds. */
export type BuildSite = { platform: PlatformId; family: 'linux' | 'windows' };

/** Where a failed Windows build leaves its traces (S156), and why they may be gone (S157). */
export const WINDOWS_LOGS =
  'On Windows look at C:\\Windows\\Temp and %TEMP%, in Event Viewer at the Application and System logs, at ' +
  'C:\\Windows\\Logs\\DISM\\dism.log and C:\\Windows\\Logs\\CBS\\CBS.log, and at setupact.log and setuperr.log in ' +
  'C:\\Windows\\System32\\Sysprep\\Panther. They may be missing because the machine of a failed run is removed with ' +
  'its disk: stop a run while it hangs, and the machine stays to be looked at.';

/** The same for one run: how to look at a machine that was kept depends on where it stands. */
export const windowsLogsAt = ({ platform }: Pick<BuildSite, 'platform'>): string => {
  const { runsOn, title } = platformKinds[platform];
  return runsOn === 'connector'
    ? `${WINDOWS_LOGS} Open its console in ${title}.`
    : `${WINDOWS_LOGS} Ask for its login (vm-access).`;
};

/** Failures of the category provisioner that happen before there is a machine. */
const BEFORE_MACHINE: ReadonlySet<string> = new Set(['provisioner-os-mismatch', 'resource-unavailable']);
/** Failures of other categories that happen when there is one: its own logs may tell more. */
const IN_MACHINE: ReadonlySet<string> = new Set([
  'ssh-authentication',
  'ssh-timeout',
  'machine-unreachable',
  'winrm-timeout',
  'winrm-authentication',
  'windows-password-timeout',
  'boot-command-failed',
  'startup-script-failed',
  'run-timed-out',
  'step-timed-out',
  'build-silent',
  'shutdown-timeout',
  'build-vm-not-ready',
  'unclassified',
]);

/** Whether the logs of the build VM may tell more about a failure. */
export const isInsideMachine = (errorId: string, category: FailureCategory): boolean =>
  IN_MACHINE.has(errorId) || (category === 'provisioner' && !BEFORE_MACHINE.has(errorId));
