import { type TemplateObject, variable } from '../../platforms/expression.ts';
import { type CompiledStep, commonFields, type ProvisionerOf, type StepOf, stepText } from './step.ts';
import { windowsEnvironment } from './windows-environment.ts';

type PowerShell = ProvisionerOf<'powershell'>;

/** Exit codes that Packer makes up for a connection that broke, over SSH and over WinRM: it has no expect_disconnect here. */
const DISCONNECTED = [2_300_218, 16_001];

type Ending = { validExitCodes?: number[] | undefined; expectDisconnect?: boolean | undefined };

/** Exit codes that are success, with those of an expected end of the connection. */
export const windowsExitCodes = ({ validExitCodes, expectDisconnect }: Ending): number[] | undefined =>
  expectDisconnect === true ? [...(validExitCodes ?? [0]), ...DISCONNECTED] : validExitCodes;

/** Accounts such as SYSTEM have no password, and Packer wants one all the same. */
const elevation = (
  { provisioner: { elevatedUser }, elevatedPassword }: StepOf<PowerShell>,
  format: TemplateObject[string],
): TemplateObject =>
  elevatedUser === undefined
    ? {}
    : {
        elevated_user: elevatedUser,
        elevated_password: elevatedPassword === undefined ? '' : variable(elevatedPassword),
        elevated_env_var_format: format,
      };

const MARK = '\uFEFF';

/** Without a byte-order mark Windows PowerShell reads a script in the machine's own code page, not as UTF-8. */
const withMark = (script: string | undefined): string | undefined =>
  script === undefined || /^[\0-\x7f]*$/.test(script) || script.startsWith(MARK) ? script : MARK + script;

/** A PowerShell script. */
export const compilePowerShell = (step: StepOf<PowerShell>): CompiledStep => {
  const { provisioner } = step;
  const { path, ...kept } = stepText(step, 'ps1', withMark(provisioner.script));
  const environment = windowsEnvironment(step);
  return {
    type: 'powershell',
    body: {
      ...commonFields(provisioner),
      script: path,
      ...environment,
      ...elevation(step, environment['env_var_format']),
      valid_exit_codes: windowsExitCodes(provisioner),
      skip_clean: provisioner.expectDisconnect === true && step.isLast ? true : undefined,
    },
    ...kept,
  };
};
