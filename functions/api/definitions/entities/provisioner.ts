import {
  type ProvisionerInput,
  provisionerInput,
  provisionerSchema,
} from '../../../../shared/contracts/entities/provisioner.ts';
import { resourceStored } from '../../../../shared/contracts/entities/resource.ts';
import type { FieldError } from '../../../../shared/contracts/problem.ts';
import type { EntityContext, EntityModule } from '../../../../shared/runtime/entities/module.ts';
import { hideSecrets } from '../../../../shared/runtime/entities/secrets.ts';
import type { Item } from '../../../../shared/store/table.ts';

/** A version that the resource has, whether its content is there yet or not; asked when it is chosen. */
const unknownVersion = (
  input: ProvisionerInput,
  referred: Map<string, Item>,
  _: EntityContext,
  current?: Item,
): FieldError[] => {
  if (!('resourceVersion' in input) || input.resourceVersion === undefined) return [];
  const { resourceId = '', resourceVersion } = input;
  if (current?.['resourceId'] === resourceId && current['resourceVersion'] === resourceVersion) return [];
  const resource = resourceStored.safeParse(referred.get(resourceId)).data;
  if (resource === undefined || resource.versions.some(({ version }) => version === resourceVersion))
    return [];
  const detail = `the resource ${resource.name} has no version ${resourceVersion}`;
  return [{ pointer: '/resourceVersion', code: 'missing-reference', detail }];
};

/** One step run inside the VM. */
export const provisioner: EntityModule<ProvisionerInput> = {
  kind: 'provisioner',
  input: provisionerInput,
  references: (input) =>
    'resourceId' in input && input.resourceId !== undefined
      ? [{ pointer: '/resourceId', kind: 'resource', id: input.resourceId }]
      : [],
  rules: unknownVersion,
  present: (item) => provisionerSchema.parse(hideSecrets(item)),
};
