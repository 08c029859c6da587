import { type CompiledStep, commonFields, type ProvisionerOf, seconds, type StepOf } from './step.ts';

/** A restart of Windows, waited for. */
export const compileWindowsRestart = ({
  provisioner,
}: StepOf<ProvisionerOf<'windows-restart'>>): CompiledStep => ({
  type: 'windows-restart',
  body: {
    ...commonFields(provisioner),
    restart_command: provisioner.restartCommand,
    restart_check_command: provisioner.restartCheckCommand,
    restart_timeout: seconds(provisioner.restartTimeoutSeconds),
    check_registry: provisioner.checkRegistry,
  },
});
