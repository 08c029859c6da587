import { GoTemplate } from '../../platforms/expression.ts';
import {
  type CompiledStep,
  commonFields,
  environmentVars,
  type ProvisionerOf,
  type StepOf,
  stepText,
} from './step.ts';

type Shell = ProvisionerOf<'shell'>;

/** `sh` stops at the first command that fails, as Packer's own inline scripts do. */
const DEFAULT_SHELL = '/bin/sh -e ';

/**
 * The environment comes in a file that is deleted before the script starts: in the command line its values would be
 * readable in the machine's process list and audit log, which end up in the image.
 */
const executeCommand = ({ script, runAs }: Shell): GoTemplate => {
  const sudo = runAs === 'root' ? 'sudo -n -E ' : '';
  const begin = '. {{ .EnvVarFile }} && rm -f {{ .EnvVarFile }} && ';
  const named = `${sudo}{{ .Path }}`;
  const unnamed = `${sudo}${DEFAULT_SHELL}{{ .Path }}`;
  if (script !== undefined) return new GoTemplate(`${begin}${script.startsWith('#!') ? named : unnamed}`);
  // What an uploaded file begins with is known in the machine only.
  return new GoTemplate(
    `${begin}if [ "$(head -c 2 {{ .Path }})" = '#!' ]; then ${named}; else ${unnamed}; fi`,
  );
};

/** A script whose every line ends as on Windows was edited there; no shell of Linux would run it. */
const withUnixLines = (script: string | undefined): string | undefined =>
  script === undefined || /(^|[^\r])\n/.test(script) ? script : script.replaceAll('\r\n', '\n');

/** A shell script, as the login user or as root. */
export const compileShell = (step: StepOf<Shell>): CompiledStep => {
  const { provisioner } = step;
  const { path, ...kept } = stepText(step, 'sh', withUnixLines(provisioner.script));
  return {
    type: 'shell',
    body: {
      ...commonFields(provisioner),
      script: path,
      // Packer's own conversion of line ends gives up on a line of 64 KiB after trying for five minutes.
      binary: true,
      environment_vars: environmentVars(step),
      use_env_var_file: true,
      execute_command: executeCommand(provisioner),
      valid_exit_codes: provisioner.validExitCodes,
      expect_disconnect: provisioner.expectDisconnect,
      // A machine that the last script shut down cannot be tidied; Packer would try for five minutes and fail.
      skip_clean: provisioner.expectDisconnect === true && step.isLast ? true : undefined,
    },
    ...kept,
  };
};
