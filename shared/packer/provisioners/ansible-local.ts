import { GoTemplate, type TemplateObject } from '../../platforms/expression.ts';
import {
  type CompiledStep,
  commonFields,
  environmentVars,
  padded,
  type Provisioner,
  type ProvisionerOf,
  type StepOf,
  stepPath,
  stepText,
} from './step.ts';

type Step = StepOf<ProvisionerOf<'ansible-local'>>;

/** Where everything of the step lies in the build VM until it has succeeded. */
const folderOf = ({ index }: Pick<StepOf<Provisioner>, 'index'>): string =>
  `/tmp/goldsmith-ansible-${padded(index)}`;

/** One word of a shell's command line: Packer joins the arguments to a line that the shell of the login user reads. */
const quoted = (argument: string): string => `'${argument.replaceAll("'", () => String.raw`'\''`)}'`;

/** Time that Ansible has to end after it was asked to. */
const GRACE_SECONDS = 30;

/**
 * Packer cannot end Ansible when the time of a step is over, so the machine itself does. The variables come from a file
 * that only the login user can read.
 */
const wrapper = ({ provisioner: { timeoutSeconds } }: Step): string => {
  const limit = timeoutSeconds === undefined ? '' : `timeout -k ${GRACE_SECONDS} ${timeoutSeconds} `;
  return [
    '#!/bin/sh',
    '. "${0%/*}/environment"',
    'export PYTHONUNBUFFERED=1',
    'command -v ansible-playbook >/dev/null || { echo "Ansible is not installed in the build VM." >&2; exit 127; }',
    `exec ${limit}ansible-playbook "$@"`,
    '',
  ].join('\n');
};

/**
 * Packer's `ansible-local` has no environment. The one of `shell` can be put into a file, which this keeps beside the
 * wrapper, so that no value is in a command line. Nothing is left in the end: the folder is the staging directory.
 */
const preparation = (step: Step, script: string): TemplateObject => {
  const folder = folderOf(step);
  const move = `mv {{ .EnvVarFile }} ${folder}/environment && cp {{ .Path }} ${folder}/run`;
  return {
    shell: {
      script,
      binary: true,
      environment_vars: environmentVars(step),
      use_env_var_file: true,
      execute_command: new GoTemplate(`mkdir -p -m 700 ${folder} && ${move}`),
    },
  };
};

/** A playbook, run by the Ansible of the build VM: nothing of it is executed on the runner. */
export const compileAnsibleLocal = (step: Step): CompiledStep => {
  const { provisioner, index } = step;
  const { path, files = [], ...kept } = stepText(step, 'yml', provisioner.script);
  const run = { path: stepPath(index, 'run'), content: wrapper(step) };
  return {
    before: [preparation(step, run.path)],
    type: 'ansible-local',
    body: {
      ...commonFields(provisioner),
      playbook_file: path,
      command: `/bin/sh ${folderOf(step)}/run`,
      extra_arguments: provisioner.extraArguments?.map(quoted),
      staging_directory: folderOf(step),
      clean_staging_directory: true,
    },
    files: [...files, run],
    ...kept,
    plugins: { ansible: { source: 'github.com/hashicorp/ansible', version: '= 1.1.4' } },
  };
};
