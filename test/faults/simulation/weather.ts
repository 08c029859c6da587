import type { Random } from './random.ts';

/** Every kind of fault, and how often it strikes where it may, in a history that has it. */
export const faultChances = {
  /** A function dies at one of its calls, before or after it was carried out. */
  functionDies: 0.08,
  /** A call takes seconds. */
  slowCall: 0.03,
  tableThrottled: 0.03,
  tableConflict: 0.05,
  /** Written, but the caller is told an error. */
  tableAnswerLost: 0.02,
  tableReadFails: 0.01,
  /** The index of what is due does not show everything yet. */
  indexLate: 0.3,
  streamLate: 0.2,
  streamTwice: 0.1,
  busFails: 0.1,
  socketGone: 0.02,
  messageLost: 0.15,
  messageLate: 0.2,
  messageTwice: 0.15,
  startExecutionFails: 0.25,
  startExecutionAnswerLost: 0.2,
  executionDies: 0.15,
  /** Lambda refuses a task of the workflow; it may have run all the same. */
  taskTrouble: 0.15,
  taskTokenLost: 0.25,
  taskTokenLate: 0.2,
  buildsThrottled: 0.25,
  buildsRefuse: 0.04,
  /** Nobody knows whether there is a build. */
  startBuildFails: 0.15,
  startBuildAnswerLost: 0.2,
  buildQueuedLong: 0.2,
  buildQueuedTooLong: 0.1,
  buildFailsBeforeRunner: 0.15,
  buildFailsMidway: 0.12,
  buildsStale: 0.3,
  stopBuildLost: 0.3,
  stopBuildLate: 0.3,
  runnerKilled: 0.12,
  packerKilled: 0.08,
  packerFails: 0.2,
  packerHangs: 0.08,
  bundleFails: 0.05,
  apiAway: 0.5,
  apiRequestLost: 0.04,
  apiAnswerLost: 0.04,
  apiTwice: 0.04,
  apiLate: 0.02,
  platformFails: 0.08,
  imageLate: 0.3,
  imageMissing: 0.06,
  cleanUpFails: 0.15,
  reconcilerStops: 0.6,
  reconcilerTwice: 0.3,
  dispatcherTwice: 0.3,
} as const;
export type FaultKind = keyof typeof faultChances;

const isKind = (text: string): text is FaultKind => Object.hasOwn(faultChances, text);
export const faultKinds: FaultKind[] = Object.keys(faultChances).filter(isKind);

/** What goes wrong in one history: some kinds of faults, until it is over with them. */
export type Weather = {
  strikes: (kind: FaultKind) => boolean;
  /** Nothing goes wrong in this history. */
  isFair: boolean;
  /** From then on nothing new goes wrong. */
  calmAt: number;
  kinds: readonly FaultKind[];
  /** How often each struck. */
  struck: Map<FaultKind, number>;
};

/** One history in ten is fair; of the others each has a third of all kinds, in one of three strengths. */
export const createWeather = (
  random: Random,
  now: () => number,
  calmAt: number,
  only?: readonly FaultKind[],
): Weather => {
  const isFair = only === undefined ? random.chance(0.1) : only.length === 0;
  const kinds = isFair ? [] : faultKinds.filter((kind) => only?.includes(kind) ?? random.chance(0.33));
  const strength = random.pick([0.3, 1, 2]);
  const struck = new Map<FaultKind, number>();
  return {
    isFair,
    calmAt,
    kinds,
    struck,
    strikes: (kind) => {
      if (now() >= calmAt || !kinds.includes(kind)) return false;
      const hits = random.chance(Math.min(0.9, faultChances[kind] * strength));
      if (hits) struck.set(kind, (struck.get(kind) ?? 0) + 1);
      return hits;
    },
  };
};
