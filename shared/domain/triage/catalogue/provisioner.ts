import { entry } from './entry.ts';

/** Where a failed Windows step leaves its traces; only a stopped run keeps its machine. */
const WINDOWS_LOGS =
  'On Windows look at C:\\Windows\\Temp and %TEMP%, the Application and System event logs, the DISM and CBS logs, and ' +
  'the Panther logs setupact.log and setuperr.log; the machine of a failed run is removed, so stop a run to look at it.';

/** A step went wrong. */
export const provisioner = {
  'script-failed': entry(
    'provisioner',
    'Script failed',
    'A script ended with an exit code that is not among its valid ones.',
    `Read the lines of the step before the failure and correct the script, or list the code in validExitCodes. ${WINDOWS_LOGS}`,
  ),
  'script-disconnected': entry(
    'provisioner',
    'Script lost its connection',
    'The connection to the machine broke while the script ran, for example by a restart or a new firewall rule.',
    'Set expectDisconnect on the provisioner when it restarts the machine.',
  ),
  'upload-failed': entry(
    'provisioner',
    'Upload failed',
    'A file or script could not be written to the machine.',
    'Check that the folder exists, that the login user may write to it, and that the disk is not full.',
  ),
  'provisioner-os-mismatch': entry(
    'provisioner',
    'Provisioner for another operating system',
    'A provisioner of the role is made for the other family of operating systems.',
    'Remove its group from the role, or choose a fitting operating system.',
  ),
  'resource-unavailable': entry(
    'provisioner',
    'File not available',
    'A file that the run uses could not be fetched, or is not what its checksum says; the message names it.',
    'Upload the file again as a new version, or correct the provisioner that uses it.',
  ),
};
