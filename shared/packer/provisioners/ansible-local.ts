import { type CompiledStep, commonFields, type ProvisionerOf, type StepOf, stepText } from './step.ts';

/** A playbook, run by the Ansible of the build VM: nothing of it is executed on the runner. */
export const compileAnsibleLocal = (step: StepOf<ProvisionerOf<'ansible-local'>>): CompiledStep => {
  const { provisioner } = step;
  const { path, ...kept } = stepText(step, 'yml', provisioner.script);
  return {
    type: 'ansible-local',
    body: {
      ...commonFields(provisioner),
      playbook_file: path,
      extra_arguments: provisioner.extraArguments,
    },
    ...kept,
    plugins: { ansible: { source: 'github.com/hashicorp/ansible', version: '= 1.1.4' } },
  };
};
