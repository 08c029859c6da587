import { entry } from './entry.ts';

/** Why a script failed, where its own last words say so. */
export const script = {
  'package-manager-locked': entry(
    'provisioner',
    'Package manager in use',
    'Another program holds the lock of apt, dpkg, dnf or zypper, most often the updates of the first start.',
    'Wait for it first: cloud-init status --wait, or apt-get -o DPkg::Lock::Timeout=300; or give the step retries.',
  ),
  'package-not-found': entry(
    'provisioner',
    'Package not found',
    'A package that a script installs is in none of the sources of the machine.',
    'Correct its name, refresh the list of packages before (apt-get update), or add the source that has it.',
  ),
  'package-install-failed': entry(
    'provisioner',
    'Package not installed',
    'The package manager could not install a package: it conflicts, lacks others, or its own script failed.',
    'Read the lines of the step above; install what is missing, or choose versions that fit together.',
  ),
  'package-source-untrusted': entry(
    'provisioner',
    'Package source not trusted',
    'The signature of a source of packages could not be checked: its key is missing, expired or another one.',
    "Install the source's current key before, and check the clock of the machine.",
  ),
  'guest-network-failed': entry(
    'provisioner',
    'No way out of the build VM',
    'A script could not reach a server: no name, no route, no answer, or a certificate that is not trusted.',
    'Check the way of the build VM to the internet or to your mirror: subnet, NAT, proxy, DNS, firewall.',
  ),
  'guest-disk-full': entry(
    'provisioner',
    'Disk of the build VM full',
    'A script could not write because the disk has no room left.',
    'Give the builder a larger disk, or clean up between the steps.',
  ),
  'guest-memory-exhausted': entry(
    'provisioner',
    'Memory of the build VM exhausted',
    'A program was killed, or could not go on, because the machine has too little memory.',
    'Choose a machine type with more memory, or let the step do less at once.',
  ),
  'command-not-found': entry(
    'provisioner',
    'Command not found',
    'A script calls a program that the machine does not have, or not on the PATH.',
    'Install it in an earlier step, or name its whole path. A \\r in the message: save the script with line ends of Linux.',
  ),
  'script-not-executable': entry(
    'provisioner',
    'Script cannot be started',
    'The program that the script names is not there or may not be executed.',
    'Correct its first line (#!), save it with line ends of Linux, and check that its folder is not mounted noexec.',
  ),
  'guest-permission-denied': entry(
    'provisioner',
    'Not allowed in the build VM',
    'The login user may not do what a script does.',
    'Run it with sudo, or on Windows with elevated rights; let the login user use sudo without a password.',
  ),
  'restart-required': entry(
    'provisioner',
    'Restart wanted',
    'An installer succeeded and wants a restart: exit code 3010 or 1641.',
    'List the code in validExitCodes and put a step of the type windows-restart behind.',
  ),
};
