import {
  type CompiledStep,
  commonFields,
  padded,
  type ProvisionerOf,
  type StepOf,
  stepText,
} from './step.ts';
import { windowsExitCodes } from './powershell.ts';
import { windowsEnvironment } from './windows-environment.ts';

/**
 * A batch script, started by Packer's `powershell`. Packer's own `windows-shell` writes the environment into the
 * command line as `set "NAME=value" &&`: a quote or a percent sign in a value would be a command, secrets would stand
 * in the machine's list of processes, and all of it has to fit into cmd's 8191 characters.
 */
export const compileWindowsShell = (step: StepOf<ProvisionerOf<'windows-shell'>>): CompiledStep => {
  const { provisioner, index } = step;
  const { path, ...kept } = stepText(step, 'cmd', provisioner.script);
  return {
    type: 'powershell',
    body: {
      ...commonFields(provisioner),
      script: path,
      // The name says what runs it: cmd.
      remote_path: `c:/Windows/Temp/goldsmith-${padded(index)}.cmd`,
      ...windowsEnvironment(step),
      valid_exit_codes: windowsExitCodes(provisioner),
      skip_clean: provisioner.expectDisconnect === true && step.isLast ? true : undefined,
    },
    ...kept,
  };
};
