import type * as z from 'zod';
import type {
  amazonEbsBuilderStored,
  BuilderConfiguration,
} from '../../contracts/entities/builder-configuration.ts';
import type { awsConnectionStored, ConnectionStored } from '../../contracts/entities/connection.ts';
import type { ImageDefinition } from '../../contracts/entities/image-definition.ts';
import type { OperatingSystem, OsImage } from '../../contracts/entities/operating-system.ts';
import type { ProvisionerStored, RunnableStored } from '../../contracts/entities/provisioner.ts';
import type { FieldError } from '../../contracts/problem.ts';
import { connectorNeed, connectorOf, likelyImages, misfits } from './fit.ts';

/** All that a run would use, as it lies in the table. */
export type RunParts = {
  definition: ImageDefinition;
  operatingSystem: OperatingSystem;
  builder: BuilderConfiguration;
  connection: ConnectionStored;
  provisioners: readonly ProvisionerStored[];
};

/** The same as far as a run can carry it out; provisioners in the same order. */
export type Runnable = {
  builder: z.infer<typeof amazonEbsBuilderStored>;
  connection: z.infer<typeof awsConnectionStored>;
  provisioners: RunnableStored[];
};

const cannotYet = (pointer: string, what: string): FieldError => ({
  pointer,
  code: 'not-runnable-yet',
  detail: `${what} can be described but not run yet`,
});

const runnableOf = (step: ProvisionerStored): RunnableStored | undefined => {
  if (step.type === 'file')
    return step.content === undefined ? undefined : { ...step, content: step.content };
  if (step.type !== 'shell' && step.type !== 'powershell') return undefined;
  if (step.script === undefined) return undefined;
  if (step.type === 'shell') return { ...step, script: step.script };
  return step.elevatedUser === undefined ? { ...step, script: step.script } : undefined;
};

/** What of a step no run can carry out. */
const featureOf = (step: ProvisionerStored): string => {
  const known = step.type === 'shell' || step.type === 'powershell' || step.type === 'file';
  if (!known) return `its type ${step.type}`;
  return step.resourceId === undefined ? 'its elevatedUser' : 'its resourceId';
};

const stepObstacles = (steps: readonly ProvisionerStored[]): FieldError[] =>
  steps
    .filter((step) => runnableOf(step) === undefined)
    .map((step) => cannotYet('/provisionerRoleId', `provisioner ${step.name}: ${featureOf(step)}`));

const connectorObstacles = ({ definition, builder }: RunParts): FieldError[] => {
  if (connectorOf(definition, builder) !== undefined) {
    const pointer = definition.connectorId === undefined ? '/builderConfigurationId' : '/connectorId';
    return [cannotYet(pointer, 'a build through a connector')];
  }
  const need = connectorNeed(builder);
  if (need === undefined) return [];
  return [{ pointer: '/connectorId', code: 'connector-needed', detail: `${need}: a connector is needed` }];
};

/** The image that a run starts from, by the place of the build: the builder's region, else the connection's. */
const baseImage = (parts: RunParts): OsImage | undefined => {
  const { operatingSystem, builder, connection, definition } = parts;
  if (builder.builderType !== 'amazon-ebs' || connection.platform !== 'aws')
    return likelyImages({ definition, operatingSystem, builder })[0];
  const region = builder.settings.region ?? connection.settings.region;
  const placed = { ...builder, settings: { ...builder.settings, region } };
  return likelyImages({ definition, operatingSystem, builder: placed })[0];
};

const imageObstacles = (parts: RunParts): FieldError[] => {
  const { operatingSystem, builder, definition } = parts;
  const wrong = misfits({ definition, operatingSystem, builder });
  const image = baseImage(parts);
  if (image === undefined) {
    const detail = `${operatingSystem.name} has no image for the connection and region of ${builder.name}`;
    const told = wrong.some(({ code }) => code === 'no-base-image');
    return told ? wrong : [...wrong, { pointer: '/operatingSystemId', code: 'no-base-image', detail }];
  }
  if (image.type === 'aws-ami' || image.type === 'aws-ami-filter') return wrong;
  return [
    ...wrong,
    cannotYet('/operatingSystemId', `${operatingSystem.name}: its image of the type ${image.type}`),
  ];
};

/**
 * Whether a run can be made of these parts: the parts as the compiler takes them, or every reason why not, with the
 * field of the definition to blame.
 */
export const runnable = (parts: RunParts): { runnable: Runnable } | { obstacles: FieldError[] } => {
  const { builder, connection } = parts;
  const obstacles = [
    ...imageObstacles(parts),
    ...connectorObstacles(parts),
    ...stepObstacles(parts.provisioners),
  ];
  if (connection.platform !== builder.platform) {
    const detail = `the builder is of ${builder.platform}, its connection of ${connection.platform}`;
    obstacles.push({ pointer: '/builderConfigurationId', code: 'platform-mismatch', detail });
  }
  if (builder.builderType !== 'amazon-ebs' || connection.platform !== 'aws')
    return {
      obstacles: [
        cannotYet('/builderConfigurationId', `the builder type ${builder.builderType}`),
        ...obstacles,
      ],
    };
  if (obstacles.length > 0) return { obstacles };
  const provisioners = parts.provisioners.flatMap((step) => runnableOf(step) ?? []);
  return { runnable: { builder, connection, provisioners } };
};
