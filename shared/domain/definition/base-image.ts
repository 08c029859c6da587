import type { BuilderConfiguration } from '../../contracts/entities/builder-configuration.ts';
import type { ConnectionStored } from '../../contracts/entities/connection.ts';
import type { OperatingSystem, OsImage } from '../../contracts/entities/operating-system.ts';
import { type Layers, likelyImages } from './fit.ts';

export type ImageChoice = {
  operatingSystem: OperatingSystem;
  builder: BuilderConfiguration;
  connection: ConnectionStored;
  layers?: Layers;
};

/** A builder of AWS may leave its region to the connection. */
const placed = ({ builder, connection }: ImageChoice): BuilderConfiguration => {
  if (builder.platform !== 'aws' || connection.platform !== 'aws') return builder;
  const region = builder.settings.region ?? connection.settings.region;
  return { ...builder, settings: { ...builder.settings, region } };
};

/**
 * The image of the operating system that a run starts from: one that names the builder's connection and region wins over
 * one that names the connection, then the region, then neither; of equals the first. Undefined when none fits.
 */
export const chosenImage = (choice: ImageChoice): OsImage | undefined => {
  const { operatingSystem, layers } = choice;
  const parts = { definition: {}, operatingSystem, builder: placed(choice) };
  return likelyImages(layers === undefined ? parts : { ...parts, layers })[0];
};
