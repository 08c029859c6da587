/** Where the time of a run goes, from the request to the moment at which a viewer sees its end. */
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { runSchema } from '../../shared/contracts/entities/run.ts';
import { type Template, templateSchema } from '../../shared/contracts/entities/template.ts';
import { storedRunSchema } from '../../shared/contracts/stored-run.ts';
import { get, post } from './e2e-client.ts';
import { allRows, readBuild, workflowStartedAt } from './e2e-machine.ts';
import { readLog } from './e2e-runs.ts';
import { Viewer } from './e2e-viewer.ts';

/** The parts of a run in their order; each in milliseconds. */
export const PARTS = [
  'request answered',
  'admitted',
  'workflow started',
  'checked by Prepare',
  'build started (StartBuild)',
  'runner started',
  'claimed',
  'Packer may start',
  "Packer's first line",
  "Packer's last line",
  'build complete',
  'image verified',
  'finished',
  'end seen by the viewer',
] as const;
type Part = (typeof PARTS)[number];

export type Timeline = {
  total: number;
  parts: Map<Part, number>;
  /** Of each line: from its time stamp at the runner to its arrival at the viewer. */
  latencies: number[];
  /** What the run gave to Packer, as anybody may read it. */
  template: Template;
};

/** Runs a definition and watches it; nothing is asked meanwhile, so that the watching costs nothing. */
export const timeRun = async (definitionId: string): Promise<Timeline> => {
  const viewer = await Viewer.open();
  try {
    await viewer.followRuns();
    const sentAt = Date.now();
    const { id } = await post(`/image-definitions/${definitionId}/runs`, runSchema);
    const answeredAt = Date.now();
    await viewer.followLog(id);
    const end = await viewer.waitFor(
      (message) => message.type === 'run' && message.run.id === id && message.run.endedAt !== undefined,
      180,
    );
    await viewer.waitFor(({ type }) => type === 'log-end');
    const times = inOrder([sentAt, answeredAt, ...(await readMoments(id, viewer)), end.at]);
    return {
      total: end.at - sentAt,
      parts: new Map(PARTS.map((part, at) => [part, (times[at + 1] ?? 0) - (times[at] ?? 0)])),
      latencies: viewer.seenLines(id).map(({ at, line }) => at - Date.parse(line.ts)),
      template: await get(`/runs/${id}/template`, templateSchema),
    };
  } finally {
    viewer.close();
  }
};

/** Two things that go on side by side may end in the other order: then the later one took no time. */
const inOrder = (times: number[]): number[] => times.map((_, at) => Math.max(...times.slice(0, at + 1)));

/** The moments between the answer and the end, as rows, log, build and socket have them. */
const readMoments = async (runId: string, viewer: Viewer): Promise<number[]> => {
  const row = (await allRows()).find((each) => each['sk']?.S === `RUN#${runId}` && each['row']?.S === 'run');
  const run = storedRunSchema.parse(unmarshall(row ?? {}));
  const build = await readBuild(run.buildId ?? '');
  const lines = await readLog(runId);
  const spoken = lines.filter(({ stream }) => stream === 'packer');
  const told = (phase: string): number | undefined =>
    viewer.heard.find(
      ({ message }) => message.type === 'run' && message.run.id === runId && message.run.phase === phase,
    )?.at;
  const moments = [
    run.startedAt,
    await workflowStartedAt(run.executionArn ?? ''),
    lines.at(0)?.ts,
    build.startTime,
    build.phases?.find(({ phaseType }) => phaseType === 'BUILD')?.startTime,
    run.lease?.claimedAt,
    run.packerStartedAt,
    spoken.at(0)?.ts,
    spoken.at(-1)?.ts,
    told('verifying'),
    told('finishing'),
    run.endedAt,
  ];
  return moments.map((moment) => new Date(moment ?? Number.NaN).getTime());
};
