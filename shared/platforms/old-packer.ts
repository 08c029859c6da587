import type { PackerGeneration } from '../contracts/bundle.ts';
import { PlatformError } from './errors.ts';

/**
 * Refuses what only a current Packer can do. `asked` says of each setting whether the builder asks for more than Packer
 * 1.6 does by itself. Throws PlatformError that names the settings.
 */
export const refuseOnOldPacker = (generation: PackerGeneration, asked: Record<string, boolean>): void => {
  const names = Object.keys(asked).filter((name) => asked[name] === true);
  if (generation === 'modern' || names.length === 0) return;
  throw new PlatformError('packer-too-old', `Packer 1.6 cannot do what is asked for by ${names.join(', ')}.`);
};
