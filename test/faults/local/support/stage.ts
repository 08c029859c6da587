/** The deployed stack with the faulty cloud in front of it, and what every test of faults needs of both. */
import { inject } from 'vitest';
import { runSchema, type Run } from '../../../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { hasEnded } from '../../../../shared/domain/run/lifecycle.ts';
import { globalKeys, keys } from '../../../../shared/store/keys.ts';
import { changeRun } from '../../../../shared/actions/change-run.ts';
import { isUnderWay } from '../../../../shared/domain/run/build-start.ts';
import { failureOf } from '../../../../shared/domain/triage/classify.ts';
import { scopeTo } from '../../../../shared/store/workspace-scope.ts';
import {
  type Asked,
  makeDefinition,
  makeWorkspace,
  type TestWorkspace,
} from '../../../integration/client.ts';
import { deployedFunction, openTables, storeOf } from '../../../integration/inside.ts';
import { until } from '../../../support/e2e-wait.ts';
import { buildsOf, endAllBuilds, holdBuilds } from './builds.ts';
import { listenToBus } from './bus.ts';
import { startFaultyCloud } from './faulty-cloud.ts';
import { checkEnded } from './invariants.ts';
import { leadThrough } from './led-functions.ts';

/** The pool of the local stage, which has two slots. */
const POOL = 'cloud';
const GIVEN_UP = failureOf('workflow-lost', { message: 'The test gave the run up.' });
const LONG_AGO = '2026-01-01T00:00:00.000Z';

/** Debian's own account, whose image the stand-in of the customer's account has. */
const DEBIAN = '136693071363';
const access = { communicator: 'ssh', username: 'admin', port: 2222 };
const images = [{ type: 'aws-ami-filter', owners: [DEBIAN], nameFilter: 'debian-12-amd64-*', access }];

export type Accepted = { workspace: TestWorkspace; runId: string };

const projectOf = async (): Promise<string> => {
  const { environment } = await deployedFunction('StartBuildFunction');
  const project = /"project":"([^"]+)"/.exec(environment['RUNNER_POOLS'] ?? '')?.[1];
  if (project === undefined) throw new Error('the pool has no project');
  return project;
};

/** A definition whose runs get as far as their build: all that it needs is in the customer's account. */
export const makeBuildable = (workspace: TestWorkspace) => {
  const { region, subnetId } = inject('localStack');
  const place = { region, subnetId, sshInterface: 'private_ip', sshPort: access.port };
  const settings = { instanceType: 't3.micro', ...place };
  return makeDefinition(workspace, { os: { images }, builder: { settings } });
};

/** A wake-up of the dispatcher, as its queue delivers it. */
export const wakeUp = (messageId: string, body: string) => ({
  messageId,
  body,
  receiptHandle: 'none',
  attributes: { ApproximateReceiveCount: '1' },
});

/** Invokes a function and throws when it fails. */
const demand = async (part: string, event: unknown): Promise<void> => {
  const answer = await (await deployedFunction(part)).invoke(event);
  if (answer.isError) throw new Error(`${part}: ${answer.payload}`);
};

/** `functions`: whose calls may be made to fail. */
export const openStage = async (functions: readonly string[], seed?: number) => {
  const { awsEndpoint, codebuildEndpoint, ec2Endpoint } = inject('localStack');
  const upstreams = { aws: awsEndpoint, codebuild: codebuildEndpoint, customer: ec2Endpoint };
  const cloud = await startFaultyCloud(upstreams, seed);
  const leadBack = await leadThrough(cloud, functions);
  await holdBuilds('PROVISIONING');
  const [tables, bus, project] = await Promise.all([openTables(), listenToBus(), projectOf()]);
  const deployment = { ...tables, bus };
  let accepted: Accepted[] = [];

  const read = async ({ workspace, runId }: Accepted): Promise<StoredRun> => {
    const run = await storeOf(tables.core, workspace.id).get(runId);
    if (run === undefined) throw new Error(`there is no run ${runId}`);
    return run;
  };
  /** Also after a test that failed: what it left is in no other's way. */
  const tidyUp = async (left: Accepted[]): Promise<void> => {
    for (const run of left) await stage.finish(run);
    await holdBuilds('PROVISIONING');
    await endAllBuilds(project);
    await stage.wakePool();
  };
  const stage = {
    cloud,
    ...deployment,
    project,
    read,
    /** Remembers a run: by the end of the test it must have ended. */
    watch: (run: Accepted): Accepted => {
      accepted.push(run);
      return run;
    },
    /** A workspace with a definition that can be built. */
    furnish: async (fields: object = {}) => {
      const workspace = await makeWorkspace(fields);
      const { id: definitionId } = await makeBuildable(workspace);
      return { workspace, definitionId };
    },
    start: async (
      { workspace, definitionId }: { workspace: TestWorkspace; definitionId: string },
      asked: Asked = {},
    ): Promise<Accepted & { run: Run }> => {
      const answer = await workspace.at('POST', `/image-definitions/${definitionId}/runs`, asked);
      if (answer.status !== 202) throw new Error(answer.text);
      const run = runSchema.parse(answer.body);
      stage.watch({ workspace, runId: run.id });
      return { workspace, runId: run.id, run };
    },
    /** The run as it is as soon as it is as wanted. */
    see: (
      what: string,
      run: Accepted,
      isWanted: (run: StoredRun) => boolean | Promise<boolean>,
      // A wake-up behind one that failed waits for the reconciler's minute.
      seconds = 120,
    ) =>
      until(what, seconds, async () => {
        const now = await read(run);
        return (await isWanted(now)) ? now : undefined;
      }),
    ended: (run: Accepted) => stage.see('the end', run, hasEnded),
    builds: ({ runId }: Accepted) => buildsOf(project, runId),
    /** Writes a moment that is long past into a run, in place of waiting, and makes the run due for a look. */
    letPass: async ({ workspace, runId }: Accepted, fields: object = {}): Promise<void> => {
      const key = keys.run(scopeTo(workspace.id), runId);
      await tables.core.write([{ update: key, set: { ...fields, due: 'RUN', dueAt: LONG_AGO } }]);
    },
    reconcile: () => demand('ReconcileFunction', {}),
    /** Ends a run that no workflow works on; what its runner does would otherwise go on without one. */
    finish: async ({ workspace, runId }: Accepted): Promise<void> => {
      await changeRun(tables.core, scopeTo(workspace.id), runId, (run) =>
        isUnderWay(run) ? { changes: { verdict: { outcome: 'failed', failure: GIVEN_UP } } } : undefined,
      );
      await demand('FinishFunction', { workspaceId: workspace.id, runId });
    },
    /** Invokes the dispatcher as the queue does. */
    dispatch: () =>
      demand('DispatchRunsFunction', {
        Records: [wakeUp('1', JSON.stringify({ poolId: POOL }))],
      }),
    /** The pool that rests is rested. */
    wakePool: () => tables.core.write([{ delete: globalKeys.coolDown(POOL) }]),
    /** After each test: nothing goes wrong any more, and what must hold holds for every run that was accepted. */
    settle: async (): Promise<void> => {
      cloud.mend();
      const checked = accepted;
      accepted = [];
      try {
        for (const { workspace, runId } of checked)
          await checkEnded(deployment, { workspaceId: workspace.id, runId });
      } finally {
        await tidyUp(checked);
      }
    },
    close: async (): Promise<void> => {
      cloud.mend();
      await holdBuilds(null);
      await endAllBuilds(project);
      await leadBack();
      await cloud.close();
    },
  };
  return stage;
};
export type Stage = Awaited<ReturnType<typeof openStage>>;

/** Long past, as a run has it that nobody looked at for hours. */
export { LONG_AGO };
