import { PlatformError } from '../../platforms/errors.ts';
import { type CompiledStep, commonFields, type ProvisionerOf, seconds, type StepOf } from './step.ts';

/**
 * The plug-in writes these texts into a command between single quotes and doubles the plain ones in them. PowerShell
 * takes four typographic ones for the same, so those are doubled here.
 */
const withDoubledQuotes = (text: string): string => text.replaceAll(/[\u2018-\u201b]/g, '$&$&');

/**
 * Updates of Windows with the restarts that they need, by SYSTEM as a scheduled task. Throws PlatformError for Packer
 * 1.6, which has no such provisioner.
 */
export const compileWindowsUpdate = (step: StepOf<ProvisionerOf<'windows-update'>>): CompiledStep => {
  const { provisioner, index, generation } = step;
  if (generation === '1.6') {
    const detail = `Step ${index} "${provisioner.name}" is of type windows-update, which Packer 1.6 does not have.`;
    throw new PlatformError('packer-too-old', detail, { field: '/provisionerRole/groupIds' });
  }
  const { searchCriteria, filters } = provisioner;
  return {
    type: 'windows-update',
    body: {
      ...commonFields(provisioner),
      search_criteria: searchCriteria === undefined ? undefined : withDoubledQuotes(searchCriteria),
      filters: filters?.map(withDoubledQuotes),
      update_limit: provisioner.updateLimit,
      restart_timeout: seconds(provisioner.restartTimeoutSeconds),
    },
    plugins: { 'windows-update': { source: 'github.com/rgl/windows-update', version: '= 0.18.4' } },
  };
};
