import { variable } from '../../platforms/expression.ts';
import { type CompiledStep, commonFields, environmentVars, type ProvisionerOf, type StepOf, stepText } from './step.ts';

type PowerShell = ProvisionerOf<'powershell'>;

/** The exit code that Packer itself makes up for a connection that broke: its powershell has no expect_disconnect. */
const DISCONNECTED = 2_300_218;

const exitCodes = ({ validExitCodes, expectDisconnect }: PowerShell): number[] | undefined =>
  expectDisconnect === true ? [...(validExitCodes ?? [0]), DISCONNECTED] : validExitCodes;

/** Accounts such as SYSTEM have none, and Packer wants one all the same. */
const elevatedPassword = ({ provisioner, elevatedPassword: name }: StepOf<PowerShell>) => {
  if (provisioner.elevatedUser === undefined) return undefined;
  return name === undefined ? '' : variable(name);
};

/** A PowerShell script. */
export const compilePowerShell = (step: StepOf<PowerShell>): CompiledStep => {
  const { provisioner } = step;
  const { path, ...kept } = stepText(step, 'ps1', provisioner.script);
  return {
    type: 'powershell',
    body: {
      ...commonFields(provisioner),
      script: path,
      environment_vars: environmentVars(step),
      elevated_user: provisioner.elevatedUser,
      elevated_password: elevatedPassword(step),
      valid_exit_codes: exitCodes(provisioner),
      skip_clean: provisioner.expectDisconnect === true && step.isLast ? true : undefined,
    },
    ...kept,
  };
};
