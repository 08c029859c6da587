import { entry } from './entry.ts';

/** A step went wrong. */
export const provisioner = {
  'script-failed': entry(
    'provisioner',
    'Script failed',
    'A script ended with an exit code that is not among its valid ones.',
    'Read the lines of the step before the failure and correct the script, or list the code in validExitCodes.',
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
  'ansible-failed': entry(
    'provisioner',
    'Playbook failed',
    'Ansible ended with an error: a task failed, or the playbook could not be read.',
    'Read the task that the message names, and correct the playbook or its variables.',
  ),
  'ansible-not-installed': entry(
    'provisioner',
    'Ansible not installed',
    'The step runs a playbook in the build VM, and there is no ansible-playbook in it.',
    'Put a step that installs Ansible before this one, or begin with an image that has it.',
  ),
  'windows-restart-failed': entry(
    'provisioner',
    'Windows did not come back',
    'The machine was told to restart and did not answer again in time, or refused to restart.',
    'Raise restartTimeoutSeconds; updates that are being installed take long. Check that WinRM starts by itself.',
  ),
  'windows-update-failed': entry(
    'provisioner',
    'Windows Update failed',
    'The search, the download or the installation of updates ended with an error.',
    'Read the lines of the step; leave the update out with a filter, or check the way to the update server.',
  ),
  'sysprep-failed': entry(
    'provisioner',
    'Sysprep failed',
    'Windows could not be generalised. Most often an app was installed for one user only, or an update waits for a restart.',
    'Read setuperr.log in the log of the step; remove the app that it names for all users, or restart before the last step.',
  ),
};
