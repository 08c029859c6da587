import type { Waking, WorkflowState } from '../../../functions/jobs/reconcile/workflows.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import type { FinishInput, TaskResult, WorkflowInput } from '../../../shared/contracts/workflow.ts';
import { type Invocation, invoke, type Simulation } from './invocation.ts';

/** The tasks of the workflow, each as one invocation does it. */
export type Tasks = {
  prepare: (self: Invocation, input: WorkflowInput) => Promise<TaskResult>;
  startBuild: (self: Invocation, input: WorkflowInput & { taskToken: string }) => Promise<void>;
  verify: (self: Invocation, input: WorkflowInput) => Promise<TaskResult>;
  finish: (self: Invocation, input: FinishInput) => Promise<void>;
};

type Execution = { arn: string; input: WorkflowInput; isRunning: boolean };
type TokenEnd = 'success' | 'failure' | 'timeout';

/** Times of the tasks, as infra/constructs/function-limits.ts and infra/workflows/run-workflow.ts have them. */
const LIMIT_MS = { Prepare: 300_000, Build: 30_000, Verify: 300_000, Finish: 300_000 };
const BUILD_LIMIT_MS = 36 * 3_600_000;
const RETRIES = 6;
const FIRST_WAIT_MS = 2000;
const LATEST_DEATH_MS = 25 * 60_000;

/** The name of what broke off, as Step Functions passes it to Catch. */
class TaskFailed extends Error {}
/** No state waits for this token. */
class TaskTimedOut extends Error {}
/** The execution is no more: nothing of it goes on. */
const forever = (): Promise<never> => new Promise(() => {});

/** Step Functions with the one state machine of infra/workflows/run-workflow.ts. */
export const createWorkflows = (simulation: Simulation, tasks: Tasks) => {
  const { time, random, weather, tell } = simulation;
  const executions = new Map<string, Execution>();
  const tokens = new Map<string, (end: TokenEnd) => void>();

  const answer = (taskToken: string, end: TokenEnd): void => {
    const settle = tokens.get(taskToken);
    if (settle === undefined) throw new TaskTimedOut(taskToken);
    tokens.delete(taskToken);
    settle(end);
  };
  const send = async (self: Invocation, taskToken: string, end: TokenEnd): Promise<void> => {
    await self.gate();
    if (weather.strikes('taskTokenLost')) {
      if (random.chance(0.5)) answer(taskToken, end);
      throw new Error('the connection was lost');
    }
    if (weather.strikes('taskTokenLate'))
      time.timer(random.between(1000, 120_000), () => tokens.has(taskToken) && answer(taskToken, end));
    else answer(taskToken, end);
    await self.gate();
  };
  const begin = (run: Pick<StoredRun, 'id' | 'workspaceId'>): Execution => {
    const arn = `arn:execution:${run.id}`;
    const earlier = executions.get(arn);
    if (earlier !== undefined) return earlier;
    const input = { workspaceId: run.workspaceId, runId: run.id };
    const execution: Execution = { arn, input, isRunning: true };
    executions.set(arn, execution);
    tell('states', `starts ${run.id}`);
    void execute({ simulation, tasks, tokens }, execution);
    return execution;
  };
  return {
    executions,
    starter: (self: Invocation) => (run: StoredRun) =>
      self.call(() => {
        if (weather.strikes('startExecutionFails')) throw new Error('ThrottlingException');
        const { arn } = begin(run);
        if (weather.strikes('startExecutionAnswerLost')) throw new Error('the connection was lost');
        return { executionArn: arn };
      }),
    succeed: (self: Invocation) => (taskToken: string) => send(self, taskToken, 'success'),
    /** As the reconciler asks and wakes them. */
    seenBy: (self: Invocation) => ({
      stateOf: (arn: string) =>
        self.call((): WorkflowState => (executions.get(arn)?.isRunning === true ? 'running' : 'gone')),
      wake: async (taskToken: string, outcome: 'completed' | 'lost'): Promise<Waking> => {
        try {
          await send(self, taskToken, outcome === 'completed' ? 'success' : 'failure');
          return 'heard';
        } catch (error) {
          return error instanceof TaskTimedOut ? 'deaf' : 'unknown';
        }
      },
    }),
  };
};

type Machine = { simulation: Simulation; tasks: Tasks; tokens: Map<string, (end: TokenEnd) => void> };

/** Invokes a task, again after trouble of Lambda's, in which it may have run. Throws TaskFailed. */
const task = async <T>(
  { simulation }: Machine,
  name: keyof typeof LIMIT_MS,
  work: (self: Invocation) => Promise<T>,
): Promise<T> => {
  const { time, random, weather } = simulation;
  const run = () => invoke(simulation, { name, limitMs: LIMIT_MS[name] }, work);
  for (let tries = 0; tries <= RETRIES; tries += 1) {
    await time.sleep(random.between(5, 60));
    if (!weather.strikes('taskTrouble')) {
      try {
        return await run();
      } catch (error) {
        throw new TaskFailed(error instanceof Error ? error.name : 'Unknown');
      }
    }
    if (random.chance(0.5)) void run().catch(() => undefined);
    await time.sleep(random.between(0, FIRST_WAIT_MS * 2 ** tries));
  }
  throw new TaskFailed('Lambda.TooManyRequestsException');
};

const execute = async (machine: Machine, execution: Execution): Promise<void> => {
  const { time, random, weather, tell } = machine.simulation;
  const { runId } = execution.input;
  if (weather.strikes('executionDies'))
    time.timer(random.between(0, LATEST_DEATH_MS), () => {
      if (execution.isRunning) tell('states', `the execution of ${runId} dies`);
      execution.isRunning = false;
    });
  try {
    await goThrough(machine, execution);
  } catch (error) {
    tell('states', `the execution of ${runId} fails: ${String(error)}`);
  }
  execution.isRunning = false;
};

const goThrough = async (machine: Machine, execution: Execution): Promise<void> => {
  const { tasks } = machine;
  const { input } = execution;
  const alive = async <T>(work: Promise<T>): Promise<T> => {
    await work.catch(() => undefined);
    return execution.isRunning ? work : forever();
  };
  const broken = await alive(untilFinish(machine, execution, alive));
  await alive(task(machine, 'Finish', (self) => tasks.finish(self, { ...input, broken })));
};

/** All before Finish; answers what broke off, if anything did. */
const untilFinish = async (
  machine: Machine,
  { input }: Execution,
  alive: <T>(work: Promise<T>) => Promise<T>,
): Promise<FinishInput['broken']> => {
  const { tasks } = machine;
  let state = 'Prepare';
  try {
    const { next } = await alive(task(machine, 'Prepare', (self) => tasks.prepare(self, input)));
    if (next === 'finish') return null;
    state = 'Build';
    await alive(build(machine, input));
    state = 'Verify';
    await alive(task(machine, 'Verify', (self) => tasks.verify(self, input)));
    return null;
  } catch (error) {
    return { state, error: error instanceof Error ? error.message : 'Unknown' };
  }
};

/** The state that waits for its token; invoking it again, after trouble of Lambda's, makes another token. */
const build = async (machine: Machine, input: WorkflowInput): Promise<void> => {
  const { tokens, simulation, tasks } = machine;
  const end = Promise.withResolvers<TokenEnd>();
  const limit = simulation.time.timer(BUILD_LIMIT_MS, () => end.resolve('timeout'));
  let taskToken = '';
  const invoked = task(machine, 'Build', (self) => {
    // The token of the try before is worth nothing any more.
    tokens.delete(taskToken);
    taskToken = `token-${input.runId}-${simulation.random.between(1, 1_000_000_000)}`;
    tokens.set(taskToken, end.resolve);
    return tasks.startBuild(self, { ...input, taskToken });
  });
  const outcome = await Promise.race([end.promise, invoked.then(() => end.promise)]).finally(() => {
    limit.cancel();
    tokens.delete(taskToken);
  });
  if (outcome !== 'success') throw new TaskFailed(outcome === 'failure' ? 'RunnerLost' : 'States.Timeout');
};
