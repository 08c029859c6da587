import { sampleBuilderConfigurations } from './builder-configurations.ts';
import { sampleConnections } from './connections.ts';
import { sampleOperatingSystems } from './operating-systems.ts';
import { sampleRoles } from './roles.ts';
import type { NewId, Sample } from './sample.ts';

export type { NewId, Sample } from './sample.ts';

/**
 * What a new workspace holds (S38): builder configurations, operating systems and roles, with the connections,
 * provisioners and groups that they refer to. Every call makes new ones, with ids of their own (S41).
 */
export const makeSamples = (newId: NewId): Sample[] => {
  const connections = sampleConnections(newId);
  return [
    ...Object.values(connections),
    ...sampleOperatingSystems(newId),
    ...sampleBuilderConfigurations(newId, connections),
    ...sampleRoles(newId),
  ];
};
