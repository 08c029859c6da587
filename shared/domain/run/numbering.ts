/**
 * The number of a definition's next run: one more than any that the definition or its name was ever given, so that
 * neither a failure nor a rename nor a delete and re-create gives a number twice. `firstNumber` lets a team go on
 * from a count of its own.
 */
export const nextNumber = (given: { byDefinition: number; byName: number; firstNumber?: number }): number =>
  Math.max(given.byDefinition + 1, given.byName + 1, given.firstNumber ?? 1);
