import type { FailureCategory } from '../../contracts/entities/run.ts';
import type { CatalogueEntry } from '../../contracts/error-catalogue.ts';

type Entry = Omit<CatalogueEntry, 'id'>;

const entry = (category: FailureCategory, title: string, meaning: string, remedy: string): Entry => ({
  category,
  title,
  meaning,
  remedy,
});

/** Where a failed Windows step leaves its traces; only a stopped run keeps its machine. */
const WINDOWS_LOGS =
  'On Windows look at C:\\Windows\\Temp and %TEMP%, the Application and System event logs, the DISM and CBS logs, and ' +
  'the Panther logs setupact.log and setuperr.log; the machine of a failed run is removed, so stop a run to look at it.';

const connection = {
  'credentials-invalid': entry(
    'connection',
    'Credentials refused',
    'The platform does not know the credentials of the connection, or they have expired.',
    'Check the access key of the connection and enter it again; then verify the connection.',
  ),
  'role-not-assumable': entry(
    'connection',
    'Role cannot be assumed',
    'The role of the connection does not trust this deployment, or the external id is another one.',
    "Put the trust policy that the connection's page shows, with its external id, on the role.",
  ),
  'permission-denied': entry(
    'connection',
    'Permission missing',
    'The credentials are valid, but they may not do what the build needs; the message says what was refused.',
    'Allow the named action to the role or user of the connection. A policy of the organization may refuse it as well.',
  ),
  'platform-unreachable': entry(
    'connection',
    'Platform not reachable',
    "The endpoint of the platform did not answer: no route, no name, or the region's endpoint is not there.",
    'Check the region and the network of the runner pool (NAT, endpoints, proxy).',
  ),
  'ssh-authentication': entry(
    'connection',
    'SSH login refused',
    'The machine is up, but it does not accept the user name and the key of the build.',
    'Set the user name that the base image expects (ubuntu, ec2-user, admin, …) in the operating system or the builder.',
  ),
  'ssh-timeout': entry(
    'connection',
    'SSH not reachable',
    'The machine was started, but SSH did not answer in time.',
    'Check subnet, public address, security groups and sshInterface; give slow images a longer sshTimeout.',
  ),
  'winrm-timeout': entry(
    'connection',
    'WinRM not reachable',
    'The machine was started, but WinRM did not answer in time.',
    'Check subnet, security groups and port; give slow images a longer winrmTimeout.',
  ),
  'windows-password-timeout': entry(
    'connection',
    'No Windows password',
    'The platform did not give the generated administrator password in time.',
    'Use a base image that generates its password at first start; an image that was not generalised does not.',
  ),
};

const provisioner = {
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
};

const builder = {
  'image-name-taken': entry(
    'builder-configuration',
    'Image name taken',
    'An image with the name of this version exists already.',
    'Remove or rename that image, or raise firstNumber of the definition; the next run has the next number.',
  ),
  'network-not-found': entry(
    'builder-configuration',
    'Network not found',
    'A network, subnet or security group of the builder does not exist in this account and region; the message names it.',
    'Correct the name or id in the builder configuration. Without a default network a subnet must be given.',
  ),
  'region-invalid': entry(
    'builder-configuration',
    'Region not valid',
    'The region is unknown or not enabled in this account.',
    'Correct the region of the builder configuration or of the connection, or enable it in the account.',
  ),
  'instance-type-invalid': entry(
    'builder-configuration',
    'Machine type not valid',
    'The machine type does not exist in this region or does not fit the other settings.',
    'Choose a machine type that the region offers.',
  ),
  'architecture-mismatch': entry(
    'builder-configuration',
    'Machine type and image do not fit',
    'The machine type has another processor architecture than the base image.',
    'Choose a machine type of the architecture of the operating system.',
  ),
  'encryption-key-unusable': entry(
    'builder-configuration',
    'Encryption key not usable',
    'The key for the disks does not exist, is disabled, or may not be used by the connection.',
    "Correct the key, or let the connection's role use it.",
  ),
  'instance-profile-invalid': entry(
    'builder-configuration',
    'Instance profile not valid',
    'The instance profile of the builder does not exist or may not be passed on.',
    'Correct iamInstanceProfile, and allow iam:PassRole for its role to the connection.',
  ),
  'text-not-usable': entry(
    'builder-configuration',
    'Text that no template can hold',
    'A setting, tag or variable holds {{ or }}, which Packer would take for a template of its own; the message names it.',
    'Remove the braces from the named text. Scripts and contents of files may hold them.',
  ),
  'builder-setting-invalid': entry(
    'builder-configuration',
    'Setting refused by the platform',
    'The platform refused a setting of the builder configuration; the message names it.',
    'Correct the setting in the builder configuration.',
  ),
};

const operatingSystem = {
  'base-image-not-found': entry(
    'operating-system',
    'Base image not found',
    'No base image fits: it was withdrawn, its filter matches nothing, or it is not shared with this account.',
    'Correct the image of the operating system, or switch the definition to a newer operating system.',
  ),
  'base-image-ambiguous': entry(
    'operating-system',
    'Base image ambiguous',
    'More than one base image fits and none is the newest.',
    'Make the name filter of the operating system narrower.',
  ),
  'base-image-mismatch': entry(
    'operating-system',
    'Base image of another architecture',
    'The base image has another processor architecture than the operating system says.',
    'Correct the architecture or the image of the operating system.',
  ),
  'base-image-not-subscribed': entry(
    'operating-system',
    'Base image not subscribed',
    'The base image comes from a marketplace and its terms were not accepted in this account.',
    "Subscribe to the image in the provider's marketplace.",
  ),
};

const capacity = {
  'quota-exceeded': entry(
    'capacity',
    'Limit of the account reached',
    'The account may not have more machines, processors or volumes in this region.',
    'Ask the provider for a higher limit, remove what is not needed, or run fewer builds at once.',
  ),
  'insufficient-capacity': entry(
    'capacity',
    'No capacity at the provider',
    'The provider has no free machine of this type, or the subnet has no free address.',
    'Run again later, or choose another machine type, zone or subnet.',
  ),
  'requests-throttled': entry(
    'capacity',
    'Too many requests',
    'The provider refused requests because there were too many in the account.',
    'Run again later; look for what else makes requests in this account.',
  ),
};

const timeouts = {
  'run-timed-out': entry(
    'timeout',
    'Run took too long',
    'The run did not end within the time limit of its definition.',
    'Raise timeoutSeconds of the definition, or find the step that takes so long.',
  ),
  'step-timed-out': entry(
    'timeout',
    'Step took too long',
    'A provisioner did not end within its time limit.',
    'Raise timeoutSeconds of the provisioner, or find out what it waits for.',
  ),
};

const platform = {
  'build-vm-not-ready': entry(
    'platform',
    'Machine did not start',
    'The provider ended the machine before it was ready.',
    'Read the reason in the message; a disk key without permission is a common one.',
  ),
  'image-creation-failed': entry(
    'platform',
    'Image not made',
    'The provider could not make an image of the machine.',
    'Run again; if it fails again read the reason in the message.',
  ),
  'image-missing-after-build': entry(
    'platform',
    'Image missing',
    'The build said that it succeeded, but its image is not in the target environment.',
    'Look whether something removes images there, then run again.',
  ),
  'build-interrupted': entry(
    'platform',
    'Build interrupted',
    'The machine that executes the build told it to end.',
    'Run again.',
  ),
  'runner-not-started': entry(
    'platform',
    'Runner not started',
    'No runner took the build: the pool could not start one.',
    'Check the runner pool: its project, its network and its limits.',
  ),
  'runner-lost': entry(
    'platform',
    'Runner lost',
    'The runner stopped reporting before the build ended.',
    'Run again, and look at the leftovers of this run.',
  ),
  'workflow-lost': entry(
    'platform',
    'Workflow lost',
    'The workflow of the run ended without a result.',
    'Run again; the operator finds the cause in the history of the workflow.',
  ),
  'packer-crashed': entry(
    'platform',
    'Packer crashed',
    'Packer itself or one of its plugins ended unexpectedly.',
    'Run again; if it happens again report it with the lines of the log.',
  ),
  'packer-plugin-missing': entry(
    'platform',
    'Packer plugin missing',
    'The Packer of the runner does not have a builder or provisioner that the run needs.',
    'Use a runner whose Packer has the plugin.',
  ),
  'template-invalid': entry(
    'platform',
    'Template refused by Packer',
    'Packer did not accept the template of this run.',
    'Compare the versions of the runner and of the deployment; otherwise report it with the lines of the log.',
  ),
  unclassified: entry(
    'platform',
    'Other error',
    'The cause is none of the known ones; the message holds the last error lines.',
    'Read the log around the named line.',
  ),
};

/** Every known failure by its id: what it means and what the user can do about it. Ids are stable for ever. */
export const errorCatalogue = {
  ...connection,
  ...provisioner,
  ...builder,
  ...operatingSystem,
  ...capacity,
  ...timeouts,
  ...platform,
};
export type ErrorId = keyof typeof errorCatalogue;

/** Whether a text is the id of a known failure. */
export const isErrorId = (id: string): id is ErrorId => Object.hasOwn(errorCatalogue, id);
