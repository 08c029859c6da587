/** Image definitions made for one test, on the samples of the seeded workspace. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { imageDefinitionInput } from '../../shared/contracts/entities/image-definition.ts';
import { imageDefinitionSchema } from '../../shared/contracts/entities/image-definition.ts';
import type { provisionerInput } from '../../shared/contracts/entities/provisioner.ts';
import { get, post } from './e2e-client.ts';

const entitySchema = z.object({ id: z.string(), name: z.string() });
const listSchema = z.object({ items: z.array(entitySchema) });
export const definitionListSchema = z.object({ items: z.array(imageDefinitionSchema) });

type ProvisionerInput = z.input<typeof provisionerInput>;
/** A step of a definition: its name is made unique when it is created. */
type StepInput = ProvisionerInput;
type DefinitionExtras = Partial<z.input<typeof imageDefinitionInput>>;

/** A shell script as a step. */
export const shellStep = (
  name: string,
  script: string,
  extras: Partial<Extract<ProvisionerInput, { type: 'shell' }>> = {},
): StepInput => ({ name, type: 'shell', osFamily: 'linux', script, ...extras });

/** The seeded entity of a kind that QuickStart is made of. */
const seeded = async (kind: string, name: string): Promise<string> => {
  const { items } = await get(`/${kind}?name=${encodeURIComponent(name)}`, listSchema);
  const id = items[0]?.id;
  if (id === undefined) throw new Error(`The workspace holds no ${kind} ${name}`);
  return id;
};

/** Ends every name of one definition, so that definitions never meet: tests run again on the same stack. */
const unique = (): string => randomBytes(4).toString('hex');

/** The provisioners, one group, one role and a definition `PREFIX-xxxxxxxx` of them. */
export const createDefinition = async (
  prefix: string,
  steps: readonly StepInput[],
  extras: DefinitionExtras = {},
) => {
  const mark = unique();
  const items: { provisionerId: string }[] = [];
  for (const step of steps) {
    const { id } = await post('/provisioners', entitySchema, { ...step, name: `${step.name} ${mark}` });
    items.push({ provisionerId: id });
  }
  const group = await post('/provisioner-groups', entitySchema, { name: `${prefix} ${mark}`, items });
  const role = await post('/provisioner-roles', entitySchema, {
    name: `${prefix} ${mark}`,
    groupIds: [group.id],
  });
  const [operatingSystemId, builderConfigurationId] = await Promise.all([
    seeded('operating-systems', 'Debian 12'),
    seeded('builder-configurations', 'Small VM in the private subnet'),
  ]);
  const definition = await post('/image-definitions', imageDefinitionSchema, {
    name: `${prefix}-${mark}`,
    operatingSystemId,
    builderConfigurationId,
    provisionerRoleId: role.id,
    ...extras,
  });
  return {
    definition,
    provisionerIds: items.map(({ provisionerId }) => provisionerId),
    /** The name that a step has got. */
    nameOf: (step: string) => `${step} ${mark}`,
  };
};

/** The definition that `npm start` builds. */
export const quickStart = async () => {
  const { items } = await get('/image-definitions?name=QuickStart', definitionListSchema);
  const found = items.find(({ name }) => name === 'QuickStart');
  if (found === undefined) throw new Error('The workspace holds no QuickStart');
  return found;
};
