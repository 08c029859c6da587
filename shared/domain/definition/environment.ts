import type { OperatingSystem } from '../../contracts/entities/operating-system.ts';
import { byName } from '../key-order.ts';

type Family = OperatingSystem['family'];

/** What a system tells two variables apart by: Windows does not tell `Path` from `PATH`. */
export const variableKey = (family: Family, name: string): string =>
  family === 'windows' ? name.toUpperCase() : name;

/**
 * Variables of several places in one record, each once. The later place wins, and its spelling of the name stays; within a
 * place the last by name, because no table keeps their order.
 */
export const mergeVariables = <T>(
  family: Family,
  ...places: readonly (Readonly<Record<string, T>> | undefined)[]
): Record<string, T> => {
  const merged = new Map<string, [name: string, value: T]>();
  for (const place of places)
    for (const [name, value] of Object.entries(place ?? {}).sort(byName))
      merged.set(variableKey(family, name), [name, value]);
  return Object.fromEntries(merged.values());
};
