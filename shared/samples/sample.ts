import type * as z from 'zod';
import type { builderConfigurationInput } from '../contracts/entities/builder-configuration.ts';
import type { ConnectionInput } from '../contracts/entities/connection.ts';
import type { operatingSystemInput } from '../contracts/entities/operating-system.ts';
import type { ProvisionerInput } from '../contracts/entities/provisioner.ts';
import type { provisionerGroupInput } from '../contracts/entities/provisioner-group.ts';
import type { provisionerRoleInput } from '../contracts/entities/provisioner-role.ts';

/** What a sample of each kind is: an input as its schema gives it, defaults filled in. */
export type SampleInputs = {
  connection: ConnectionInput;
  'operating-system': z.output<typeof operatingSystemInput>;
  'builder-configuration': z.output<typeof builderConfigurationInput>;
  provisioner: ProvisionerInput;
  'provisioner-group': z.output<typeof provisionerGroupInput>;
  'provisioner-role': z.output<typeof provisionerRoleInput>;
};
export type SampleKind = keyof SampleInputs;

export type SampleRef = { kind: SampleKind; id: string };

/** An entity that a new workspace holds. */
export type Sample<K extends SampleKind = SampleKind> = {
  [kind in K]: { kind: kind; id: string; input: SampleInputs[kind]; references: SampleRef[] };
}[K];

/** Makes ids; each id sorts after the one before. */
export type NewId = (kind: SampleKind) => string;

/** What every description says (S42). */
const NOT_YOURS = 'An example: it may not fit your environment. Change it, copy it or delete it as you like.';

/** The fields that every sample has. Names begin alike, so that no name that a team would choose is taken. */
export const example = (name: string, about: string) => ({
  name: `Example: ${name}`,
  description: `${about} ${NOT_YOURS}`,
  tags: {},
});
