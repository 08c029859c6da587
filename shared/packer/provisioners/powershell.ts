import type { RunnableStored } from '../../contracts/entities/provisioner.ts';
import { type CompiledStep, commonFields, environmentVars, type StepOf, stepFile } from './step.ts';

type PowerShell = Extract<RunnableStored, { type: 'powershell' }>;

/** The exit code that Packer itself makes up for a connection that broke: its powershell has no expect_disconnect. */
const DISCONNECTED = 2_300_218;

const exitCodes = ({ validExitCodes, expectDisconnect }: PowerShell): number[] | undefined =>
  expectDisconnect === true ? [...(validExitCodes ?? [0]), DISCONNECTED] : validExitCodes;

/** A PowerShell script. */
export const compilePowerShell = (step: StepOf<PowerShell>): CompiledStep => {
  const { provisioner } = step;
  const path = stepFile(step.index, 'ps1');
  return {
    type: 'powershell',
    body: {
      ...commonFields(provisioner),
      script: path,
      environment_vars: environmentVars(step),
      valid_exit_codes: exitCodes(provisioner),
      skip_clean: provisioner.expectDisconnect === true && step.isLast ? true : undefined,
    },
    file: { path, content: provisioner.script },
  };
};
