import {
  type CompiledStep,
  commonFields,
  type Provisioner,
  type ProvisionerOf,
  type StepOf,
  stepText,
} from './step.ts';

/** The file's own name with nothing in it that a path or a shell gives a meaning to. */
const nameOf = ({ upload }: Pick<StepOf<Provisioner>, 'upload'>): string =>
  upload === undefined ? '' : upload.fileName.replaceAll(/[^A-Za-z0-9_. -]/g, '_');

/** In a folder a file keeps its own name: Packer would give it the one that it has in the job. */
const destinationOf = (step: StepOf<ProvisionerOf<'file'>>): string => {
  const { destination } = step.provisioner;
  return /[/\\]$/.test(destination) ? destination + nameOf(step) : destination;
};

/** A file with the given content, written by the login user. */
export const compileFile = (step: StepOf<ProvisionerOf<'file'>>): CompiledStep => {
  const { provisioner } = step;
  const { path, ...kept } = stepText(step, 'content', provisioner.content);
  return {
    type: 'file',
    body: { ...commonFields(provisioner), source: path, destination: destinationOf(step) },
    ...kept,
  };
};
