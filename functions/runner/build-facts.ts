import type { TemporaryResource } from '../../shared/contracts/agent-protocol.ts';
import { type BuildVm, buildVmSchema } from '../../shared/contracts/entities/run.ts';
import type { OutputFacts } from '../../shared/platforms/platform.ts';
import type { ProgressOutbox } from './progress-outbox.ts';

/** Most temporary resources of one message (agent protocol). */
const MAX_TEMPORARIES = 100;

/** Reads what a line of Packer's own output tells about the build's resources. */
export type ReadOutput = (text: string) => OutputFacts;

/** Gathers the build VM and the temporary resources of a build and passes on what is new. */
export const createBuildFacts = (readOutput: ReadOutput, outbox: ProgressOutbox) => {
  const temporaries = new Map<string, TemporaryResource>();
  let vm: Partial<BuildVm> = {};

  const addVm = (news: Partial<BuildVm>): void => {
    const merged = { ...vm, ...news };
    if (JSON.stringify(merged) === JSON.stringify(vm)) return;
    vm = merged;
    const whole = buildVmSchema.safeParse(vm);
    if (whole.success) outbox.setBuildVm(whole.data);
  };
  const addTemporaries = (news: readonly TemporaryResource[]): void => {
    const before = temporaries.size;
    for (const each of news) {
      if (temporaries.size < MAX_TEMPORARIES) temporaries.set(`${each.kind} ${each.id}`, each);
    }
    if (temporaries.size > before) outbox.setTemporaries([...temporaries.values()]);
  };
  return {
    /** `text` must be Packer's own: a script could print anything. */
    read: (text: string): void => {
      const facts = readOutput(text);
      if (facts.buildVm !== undefined) addVm(facts.buildVm);
      addTemporaries(facts.temporaries ?? []);
    },
    temporaries: (): TemporaryResource[] => [...temporaries.values()],
  };
};
export type BuildFacts = ReturnType<typeof createBuildFacts>;
