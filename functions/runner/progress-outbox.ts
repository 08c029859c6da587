import type { Progress, StepEvent, TemporaryResource } from '../../shared/contracts/agent-protocol.ts';
import type { BuildVm } from '../../shared/contracts/entities/run.ts';

/** Most steps of one message (agent protocol). */
const MAX_STEPS = 500;

/** What is to be said about the build's progress with the next message, whichever that is. */
export type ProgressOutbox = {
  addStep: (event: StepEvent) => void;
  setBuildVm: (vm: BuildVm) => void;
  setTemporaries: (all: TemporaryResource[]) => void;
  /**
   * Takes what is new. Undefined when nothing is, and while another message carries some: otherwise an older step
   * event could overtake a newer one.
   */
  take: () => Progress | undefined;
  confirm: (taken: Progress | undefined) => void;
  /** The message did not arrive: what it carried goes with a later one, before what is newer. */
  giveBack: (taken: Progress | undefined) => void;
};

export const createProgressOutbox = (): ProgressOutbox => {
  let steps: StepEvent[] = [];
  let facts: Omit<Progress, 'steps'> = {};
  let isOut = false;

  return {
    addStep: (event) => steps.push(event),
    setBuildVm: (buildVm) => {
      facts = { ...facts, buildVm };
    },
    setTemporaries: (temporaries) => {
      facts = { ...facts, temporaries };
    },
    take: () => {
      if (isOut || (steps.length === 0 && Object.keys(facts).length === 0)) return undefined;
      const taken = { ...(steps.length > 0 && { steps: steps.slice(0, MAX_STEPS) }), ...facts };
      steps = steps.slice(MAX_STEPS);
      facts = {};
      isOut = true;
      return taken;
    },
    confirm: (taken) => {
      if (taken !== undefined) isOut = false;
    },
    giveBack: (taken) => {
      if (taken === undefined) return;
      isOut = false;
      const { steps: older = [], ...olderFacts } = taken;
      steps = [...older, ...steps];
      facts = { ...olderFacts, ...facts };
    },
  };
};
