import { entry } from './entry.ts';

/** The account or the platform has no room. */
export const capacity = {
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
  'storage-full': entry(
    'capacity',
    'Storage full',
    'The datastore or storage that the builder names has no room for the disks of the machine or its image.',
    'Make room there, or name another datastore or storage in the builder configuration.',
  ),
  'spot-interrupted': entry(
    'capacity',
    'Spot instance taken back',
    'The provider took the spot instance back while the image was being built.',
    'Run again, or build without spotPrice.',
  ),
};

/** It took too long. */
export const timeouts = {
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
  'build-silent': entry(
    'timeout',
    'Build said nothing',
    'Packer and the step that was running said nothing for so long that the build was taken to hang.',
    'Look what the step waits for, most often an answer that nobody gives; let long work print something now and then.',
  ),
  'shutdown-timeout': entry(
    'timeout',
    'Machine did not shut down',
    'After the last step the machine did not switch off in time.',
    'Correct shutdownCommand or raise shutdownTimeout; look for what blocks the shutdown, such as updates.',
  ),
  'image-creation-timeout': entry(
    'timeout',
    'Image not ready in time',
    'The provider went on making or copying the image for longer than Packer waits.',
    'Run again; large or encrypted disks and copies to other regions take longer: make them smaller or fewer.',
  ),
};

/** The platform, Packer or Goldsmith itself. */
export const platform = {
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
  'image-copy-failed': entry(
    'platform',
    'Image not copied',
    'The image was made, but its copy to another region, or its encrypted copy, failed.',
    'Read the reason in the message: most often the key of that region, or a limit there.',
  ),
  'build-vm-lost': entry(
    'platform',
    'Machine gone',
    'The build VM disappeared while the image was being built: somebody, or a rule of the account, removed it.',
    'Look in the trail of the account who removed it, exempt the tags of the builds from such rules, and run again.',
  ),
  'platform-busy': entry(
    'platform',
    'Something else was under way',
    'The platform refused because another operation on the same thing was under way.',
    'Run again; let not two builds change the same gallery, template or storage at once.',
  ),
  'platform-fault': entry(
    'platform',
    'Fault of the provider',
    'The platform answered that it has a fault of its own.',
    "Look at the provider's status page and run again later.",
  ),
  'hypervisor-unusable': entry(
    'platform',
    'Hypervisor not usable',
    'QEMU, KVM or Hyper-V of the machine that runs Packer is missing, or the user of the agent may not use it.',
    'Install or switch it on there; let the user of the agent open /dev/kvm, or make it a Hyper-V administrator.',
  ),
  'runner-tool-missing': entry(
    'platform',
    'Program missing on the runner',
    'Packer needs a program that the machine that runs it does not have; the message names it.',
    'Install it there: xorriso or mkisofs for discs, ovftool for exports.',
  ),
  'runner-disk-full': entry(
    'platform',
    'Disk of the runner full',
    'The machine that runs Packer has no room left for files, downloads or images.',
    'Make room there, or name a folder on a larger disk (GOLDSMITH_WORK_DIR, GOLDSMITH_IMAGE_FOLDER).',
  ),
  'runner-failed': entry(
    'platform',
    'Runner failed',
    'The runner itself met an error, before or beside Packer.',
    'Run again; if it happens again report it with the lines of the log.',
  ),
  'job-bundle-unusable': entry(
    'platform',
    'Job not usable',
    'The runner could not fetch the job of the run, or it is not what was announced.',
    'Check the way of the runner to the deployment (NAT, endpoints, proxy), then run again.',
  ),
  'packer-not-usable': entry(
    'platform',
    'No fitting Packer',
    'The machine that should run the build has no Packer, or one that the job is not made for.',
    'Install the Packer there that the message names.',
  ),
  'packer-killed': entry(
    'platform',
    'Packer was killed',
    'Something on the machine that runs Packer ended it, most often because the memory was exhausted.',
    'Give the runner more memory, or run fewer builds at once there.',
  ),
  'packer-plugin-download-failed': entry(
    'platform',
    'Packer plugin not downloaded',
    'The runner could not fetch a plugin: no way to its host, too many requests, or no such version.',
    'Use a runner that brings the plugins along, or let it reach their host; set PACKER_GITHUB_API_TOKEN against the limit.',
  ),
  'no-image-reported': entry(
    'platform',
    'No image named',
    'Packer ended without an error, but named no image.',
    'Look whether the builder is told to make none, then report it with the lines of the log.',
  ),
  unclassified: entry(
    'platform',
    'Other error',
    'The cause is none of the known ones; the message holds the last error lines.',
    'Read the log around the named line.',
  ),
};
