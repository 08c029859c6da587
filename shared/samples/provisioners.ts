import { example, type NewId, type Sample, type SampleInputs } from './sample.ts';
import { cleanUpLinux } from './scripts/clean-up-linux.ts';
import { hardenKernel } from './scripts/harden-kernel.ts';
import { hardenSsh } from './scripts/harden-ssh.ts';
import { onPremisesSysprep } from './scripts/on-premises-sysprep.ts';
import { updateLinux } from './scripts/update-linux.ts';

type Input = SampleInputs['provisioner'];

const asRoot = (script: string) =>
  ({ type: 'shell', osFamily: 'linux', runAs: 'root', script, timeoutSeconds: 3600 }) as const;

const linux = {
  updateLinux: { ...example('Update packages', 'apt or dnf: all packages.'), ...asRoot(updateLinux) },
  hardenSsh: {
    ...example('Harden the SSH server', 'No passwords, no root, from the next start of the machine on.'),
    ...asRoot(hardenSsh),
  },
  hardenKernel: {
    ...example('Harden the kernel', 'Settings of sysctl, and no core dumps.'),
    ...asRoot(hardenKernel),
  },
  cleanUpLinux: {
    ...example(
      'Clean up a Linux machine',
      'Takes out identity, keys, logs and caches. Must run last: nobody logs in anew to the machine after it.',
    ),
    ...asRoot(cleanUpLinux),
  },
} satisfies Record<string, Input>;

const windows = {
  updateWindows: {
    ...example('Install Windows updates', 'All updates but previews; restarts as often as they ask for it.'),
    type: 'windows-update',
    osFamily: 'windows',
    // The plugin's own example: https://github.com/rgl/packer-plugin-windows-update
    searchCriteria: 'IsInstalled=0',
    filters: ["exclude:$_.Title -like '*Preview*'", 'include:$true'],
  },
  restartWindows: {
    ...example('Restart Windows', 'Waits while the registry says that a restart is due.'),
    type: 'windows-restart',
    osFamily: 'windows',
    restartTimeoutSeconds: 1800,
    checkRegistry: true,
  },
  sysprep: {
    ...example(
      'Generalise Windows with sysprep (on-premises)',
      'Defragments drive C and starts sysprep with /generalize /oobe; its transcript is in C:\\goldsmith-logs. SYSPREP_SWITCHES adds /quiet /quit, since Packer itself shuts the machine down; without the variable sysprep gets nothing more. Must run last. Its text carries notes on liability and trademarks.',
    ),
    type: 'powershell',
    osFamily: 'windows',
    script: onPremisesSysprep,
    environment: { SYSPREP_SWITCHES: '/quiet /quit' },
    timeoutSeconds: 3600,
  },
} satisfies Record<string, Input>;

/** The steps of the sample roles by what they do. */
export const sampleSteps = (newId: NewId) => {
  const sample = (input: Input): Sample<'provisioner'> => ({
    kind: 'provisioner',
    id: newId('provisioner'),
    input,
    references: [],
  });
  return {
    updateLinux: sample(linux.updateLinux),
    hardenSsh: sample(linux.hardenSsh),
    hardenKernel: sample(linux.hardenKernel),
    cleanUpLinux: sample(linux.cleanUpLinux),
    updateWindows: sample(windows.updateWindows),
    restartWindows: sample(windows.restartWindows),
    sysprep: sample(windows.sysprep),
  };
};
