import type { PackerGeneration } from '../../contracts/bundle.ts';

const MODERN_SINCE = [1, 15, 1] as const;

/**
 * The template dialect that a Packer of this version reads; undefined for one that Goldsmith does not build with:
 * before 1.6, and 1.7 to 1.15.0, whose machine-readable output shows the values of sensitive variables although
 * their dialect is the modern one (1.6.6 does too, but is what Debian ships).
 */
export const generationOf = (version: string): PackerGeneration | undefined => {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (match === null) return undefined;
  const numbers = match.slice(1, 4).map(Number);
  if (numbers[0] === 1 && numbers[1] === 6) return '1.6';
  return isAtLeast(numbers, MODERN_SINCE) ? 'modern' : undefined;
};

const isAtLeast = (numbers: number[], minimum: readonly number[]): boolean => {
  const at = minimum.findIndex((wanted, index) => wanted !== numbers[index]);
  return at < 0 || (numbers[at] ?? 0) > (minimum[at] ?? 0);
};
