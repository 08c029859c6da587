import {
  type ProvisionerInput,
  provisionerSchema,
} from '../../../../shared/contracts/entities/provisioner.ts';
import type { EntityContext, EntityModule, Given } from '../entity.ts';
import { hideSecrets, sealSecret } from '../secrets.ts';

const store = async (input: ProvisionerInput, given: Given, context: EntityContext) => {
  if (input.type === 'file' || input.secretEnvironment === undefined) return { ...input, ...given };
  const sealed = await Promise.all(
    Object.entries(input.secretEnvironment).map(async ([name, secret]) => {
      return [name, await sealSecret(secret, `/secretEnvironment/${name}`, given, context)] as const;
    }),
  );
  return { ...input, ...given, secretEnvironment: Object.fromEntries(sealed) };
};

/** One step run inside the VM. */
export const provisioner: EntityModule<ProvisionerInput> = {
  kind: 'provisioner',
  references: () => [],
  store,
  present: (item) => provisionerSchema.parse(hideSecrets(item)),
};
