import type { PackerGeneration } from '../../shared/contracts/bundle.ts';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import { isOfTarget } from '../../shared/packer/output/ui-text.ts';

export type UiLine = { voice: 'say' | 'message' | 'error'; data: string };

/**
 * What Packer says by itself while a provisioner runs. From 1.13 on it has the same voice as the provisioner's
 * script, so there a script that prints one of these is taken for Packer; nothing but its colour depends on it.
 */
const OWN_WORDS =
  /^(?:Provisioning with |Uploading |Downloading |Restarting Machine|Machine successfully restarted|Pausing \S+ before |Setting a \S+ timeout for |Cancelling provisioner after |Provisioner failed with |Retrying |Running local shell script: |Provisioning step had errors: )/;

/**
 * Who speaks in a line. While no step runs it is Packer, and so it is in lines that belong to no build (`Build
 * 'x' errored after …`). In a step: Packer 1.6 has the voices `say` for itself, `message` for a script's standard
 * output and `error` for its standard error (and for what it reports about the step's end itself, which cannot be
 * told apart); later ones say all of the output, so their own words are known by their text.
 */
export const streamOf = (
  { voice, data }: UiLine,
  text: string,
  isInStep: boolean,
  generation: PackerGeneration,
): LogLine['stream'] => {
  if (!isInStep || !isOfTarget(data)) return 'packer';
  if (voice === 'error') return 'stderr';
  if (voice === 'message') return 'stdout';
  return generation === '1.6' || OWN_WORDS.test(text) ? 'packer' : 'stdout';
};

/** Packer's announcement that a step failed and the clean-up begins; in the voice of a script it proves nothing. */
export const isStepFailure = ({ voice }: UiLine, text: string, generation: PackerGeneration): boolean =>
  generation === '1.6' && voice === 'say' && text.startsWith('Provisioning step had errors: ');

/** Packer's announcement that a step has reached its limit. A script may print it too, and gains nothing by it. */
export const isStepTimeout = (text: string): boolean =>
  text.startsWith('Cancelling provisioner after a timeout');
