import type { BuilderConfiguration } from '../../contracts/entities/builder-configuration.ts';
import type { ConnectionStored } from '../../contracts/entities/connection.ts';
import type { ImageDefinition } from '../../contracts/entities/image-definition.ts';
import type { OperatingSystem } from '../../contracts/entities/operating-system.ts';
import type { FieldError } from '../../contracts/problem.ts';
import { chosenImage } from './base-image.ts';
import { connectorNeed, connectorOf, type Layers, misfits } from './fit.ts';

/** What a run is made of, as it lies in the table. */
export type RunParts = {
  definition: ImageDefinition;
  operatingSystem: OperatingSystem;
  builder: BuilderConfiguration;
  connection: ConnectionStored;
  layers: Layers;
};

/** Why no template can be made of these parts, with the field of the definition to blame. */
export const unfitParts = (parts: RunParts): FieldError[] => {
  const { operatingSystem, builder, connection } = parts;
  const errors = misfits(parts);
  if (connection.platform !== builder.platform) {
    const detail = `the builder is of ${builder.platform}, its connection of ${connection.platform}`;
    errors.push({ pointer: '/builderConfigurationId', code: 'platform-mismatch', detail });
  }
  const isTold = errors.some(({ code }) => code === 'no-base-image');
  if (!isTold && chosenImage(parts) === undefined) {
    const detail = `${operatingSystem.name} has no image for the connection and region of ${builder.name}`;
    errors.push({ pointer: '/operatingSystemId', code: 'no-base-image', detail });
  }
  return errors;
};

/** Why nothing can execute a build of these parts now (S32, S33). */
export const noRunner = ({ definition, builder }: Pick<RunParts, 'definition' | 'builder'>): FieldError[] => {
  if (connectorOf(definition, builder) !== undefined) {
    const pointer = definition.connectorId === undefined ? '/builderConfigurationId' : '/connectorId';
    const detail = 'a build through a connector can be described but not run yet';
    return [{ pointer, code: 'not-runnable-yet', detail }];
  }
  const need = connectorNeed(builder);
  if (need === undefined) return [];
  return [{ pointer: '/connectorId', code: 'connector-needed', detail: `${need}: a connector is needed` }];
};
