import { type CompiledStep, commonFields, type ProvisionerOf, type StepOf, stepText } from './step.ts';

/** A file with the given content, written by the login user. */
export const compileFile = (step: StepOf<ProvisionerOf<'file'>>): CompiledStep => {
  const { provisioner } = step;
  const { path, ...kept } = stepText(step, 'content', provisioner.content);
  return {
    type: 'file',
    body: { ...commonFields(provisioner), source: path, destination: provisioner.destination },
    ...kept,
  };
};
