import type { BuilderConfiguration } from '../../contracts/entities/builder-configuration.ts';
import type { ImageDefinition } from '../../contracts/entities/image-definition.ts';
import type { OperatingSystem, OsImage } from '../../contracts/entities/operating-system.ts';
import { regionKey } from '../../contracts/platforms/azure.ts';
import { builderKinds, type ImageType, platformKinds } from '../../contracts/platforms/kinds.ts';
import type { FieldError } from '../../contracts/problem.ts';
import { nameMisfit } from './image-name.ts';

/** Platforms of the definitions that operating systems build on, by their ids, as far as they are known. */
export type Layers = ReadonlyMap<string, string>;

export type Parts = {
  definition: Pick<ImageDefinition, 'platform'> & { name?: string };
  operatingSystem?: OperatingSystem | undefined;
  builder?: BuilderConfiguration | undefined;
  layers?: Layers;
};

/** Whether a builder runs at the customer's site whatever its network. */
export const isOnPremises = (builder: Pick<BuilderConfiguration, 'platform'>): boolean =>
  platformKinds[builder.platform].runsOn === 'connector';

/** Region that a builder names by itself; undefined when it leaves it to the connection or has none. */
const regionOf = (builder: BuilderConfiguration): string | undefined => {
  if (builder.platform === 'aws') return builder.settings.region;
  if (builder.platform === 'azure') return builder.settings.location;
  return builder.platform === 'gcp' ? builder.settings.zone.replace(/-[a-z]$/, '') : undefined;
};

const isOfKind = (image: OsImage, builder: BuilderConfiguration, layers?: Layers): boolean => {
  const taken: readonly ImageType[] = builderKinds[builder.builderType].imageTypes;
  if (!taken.includes(image.type)) return false;
  if (image.type !== 'image-definition') return true;
  return (layers?.get(image.imageDefinitionId) ?? builder.platform) === builder.platform;
};

/**
 * Images of an operating system that a builder can start from: of a type that its builder takes, and of its connection
 * and region if they name one.
 */
export const fittingImages = (
  operatingSystem: OperatingSystem,
  builder: BuilderConfiguration,
  layers?: Layers,
): OsImage[] => {
  const region = regionOf(builder);
  return operatingSystem.images.filter(
    (image) =>
      isOfKind(image, builder, layers) &&
      (image.connectionId === undefined || image.connectionId === builder.connectionId) &&
      (image.region === undefined || region === undefined || regionKey(image.region) === regionKey(region)),
  );
};

/** Of the images that fit, those that name the builder's place most exactly: one of them is what a run starts from. */
export const likelyImages = ({ operatingSystem, builder, layers }: Parts): OsImage[] => {
  if (!operatingSystem || !builder) return [];
  const weight = (image: OsImage) =>
    (image.connectionId === undefined ? 0 : 2) + (image.region === undefined ? 0 : 1);
  const fitting = fittingImages(operatingSystem, builder, layers);
  const heaviest = Math.max(...fitting.map(weight));
  return fitting.filter((image) => weight(image) === heaviest);
};

/** How Packer logs in to the build VM: as the base image says, else by what its family is used to. */
export const communicatorOf = (parts: Parts): 'ssh' | 'winrm' => {
  const said = likelyImages(parts).find(({ access }) => access !== undefined)?.access?.communicator;
  return said ?? (parts.operatingSystem?.family === 'windows' ? 'winrm' : 'ssh');
};

/** On AWS a run opens WinRM by user data, of which there is one. */
const userDataMisfit = (parts: Parts): FieldError[] => {
  const { operatingSystem, builder } = parts;
  if (operatingSystem === undefined || builder?.builderType !== 'amazon-ebs') return [];
  if (builder.settings.userData === undefined || communicatorOf(parts) === 'ssh') return [];
  const detail = `${builder.name} has userData, and ${operatingSystem.name} is reached by WinRM, which a run opens by user data of its own`;
  return [{ pointer: '/builderConfigurationId', code: 'user-data-conflict', detail }];
};

/** What makes a definition impossible whatever else happens: refused when it is saved. */
export const misfits = (parts: Parts): FieldError[] => {
  const { definition, operatingSystem, builder } = parts;
  if (builder === undefined) return [];
  const errors: FieldError[] = [];
  if (definition.platform !== undefined && definition.platform !== builder.platform) {
    const detail = `the builder configuration is of ${builder.platform}`;
    errors.push({ pointer: '/platform', code: 'platform-mismatch', detail });
  }
  if (operatingSystem && fittingImages(operatingSystem, builder, parts.layers).length === 0) {
    const taken = builderKinds[builder.builderType].imageTypes.join(', ');
    const detail = `${operatingSystem.name} has no image that ${builder.name} can start from; ${builder.builderType} takes ${taken}`;
    errors.push({ pointer: '/operatingSystemId', code: 'no-base-image', detail });
  }
  errors.push(...userDataMisfit(parts));
  const unfit = definition.name === undefined ? undefined : nameMisfit(builder.builderType, definition.name);
  if (unfit !== undefined) errors.push({ pointer: '/name', code: 'name-not-possible', detail: unfit });
  return errors;
};

/** The connector that a run would use: the definition's own, else the builder's. */
export const connectorOf = (
  definition: { connectorId?: string | undefined },
  builder: { connectorId?: string | undefined } | undefined,
): string | undefined => definition.connectorId ?? builder?.connectorId;

/** Why a builder cannot do without a connector (S32, S33); undefined when it can (S34). */
export const connectorNeed = (
  builder: Pick<BuilderConfiguration, 'platform' | 'network'>,
): string | undefined => {
  if (isOnPremises(builder)) return `${platformKinds[builder.platform].title} is on-premises`;
  return builder.network === 'private' ? 'the builder is in a private network' : undefined;
};
