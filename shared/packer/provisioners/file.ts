import type { RunnableStored } from '../../contracts/entities/provisioner.ts';
import { type CompiledStep, commonFields, type StepOf, stepFile } from './step.ts';

type File = Extract<RunnableStored, { type: 'file' }>;

/** A file with the given content, written by the login user. */
export const compileFile = ({ provisioner, index }: StepOf<File>): CompiledStep => {
  const path = stepFile(index, 'content');
  return {
    type: 'file',
    body: { ...commonFields(provisioner), source: path, destination: provisioner.destination },
    file: { path, content: provisioner.content },
  };
};
