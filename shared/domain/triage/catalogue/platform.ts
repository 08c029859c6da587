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
  unclassified: entry(
    'platform',
    'Other error',
    'The cause is none of the known ones; the message holds the last error lines.',
    'Read the log around the named line.',
  ),
};
