import { type CompiledStep, commonFields, type ProvisionerOf, seconds, type StepOf } from './step.ts';

/** Updates of Windows with the restarts that they need. */
export const compileWindowsUpdate = ({
  provisioner,
}: StepOf<ProvisionerOf<'windows-update'>>): CompiledStep => ({
  type: 'windows-update',
  body: {
    ...commonFields(provisioner),
    search_criteria: provisioner.searchCriteria,
    filters: provisioner.filters,
    update_limit: provisioner.updateLimit,
    restart_timeout: seconds(provisioner.restartTimeoutSeconds),
  },
  plugins: { 'windows-update': { source: 'github.com/rgl/windows-update', version: '= 0.18.4' } },
});
