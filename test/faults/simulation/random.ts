/** Chance that a seed decides: the same seed, the same history. */
export type Random = {
  /** From 0 up to 1, 1 excluded. */
  next: () => number;
  chance: (probability: number) => boolean;
  /** A whole number; both ends included. */
  between: (least: number, most: number) => number;
  pick: <T>(from: readonly [T, ...T[]]) => T;
};

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, period 2^32; ample for one history. */
export const seededRandom = (seed: number): Random => {
  let state = (seed * 0x9e3779b1 + 0x85ebca6b) | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    chance: (probability) => next() < probability,
    between,
    pick: (from) => from[between(0, from.length - 1)] ?? from[0],
  };
};
