import {
  type CompiledStep,
  commonFields,
  environmentVars,
  type ProvisionerOf,
  type StepOf,
  stepText,
} from './step.ts';

/** A batch script. */
export const compileWindowsShell = (step: StepOf<ProvisionerOf<'windows-shell'>>): CompiledStep => {
  const { provisioner } = step;
  const { path, ...kept } = stepText(step, 'cmd', provisioner.script);
  return {
    type: 'windows-shell',
    body: {
      ...commonFields(provisioner),
      script: path,
      environment_vars: environmentVars(step),
      valid_exit_codes: provisioner.validExitCodes,
    },
    ...kept,
  };
};
