/** Runs QuickStart, shows its log as it comes, boots what it built and reads a file in it. */

import type { LogLine } from '../../../shared/contracts/entities/log.ts';
import { type Run, runSchema } from '../../../shared/contracts/entities/run.ts';
import { bootAndRead } from '../follow/boot-image.ts';
import { followRun } from '../follow/follow-run.ts';
import { QUICK_START, WITNESS_FILE, WITNESS_SUM } from '../seed/samples.ts';
import type { Stack } from '../stack/stack.ts';
import type { Report, StagePrinter } from '../terminal/stage-printer.ts';

export interface QuickStartOptions {
  stack: Stack;
  printer: StagePrinter;
  signal: AbortSignal;
}

/**
 * Builds an image and proves it.
 * @throws Error when the run does not succeed or the image does not hold what the provisioner wrote
 */
export async function runQuickStart({ stack, printer, signal }: QuickStartOptions): Promise<void> {
  const run = await printer.stage(`run of ${QUICK_START}`, (report) => build(stack, printer, report, signal));
  const image = run.image;
  const locator = image?.locators
    .flatMap((each) => ('amiId' in each ? [each] : []))
    .find((each) => each.role === 'primary');
  if (run.status !== 'Succeeded' || image === undefined || locator === undefined)
    throw new Error(`The run of ${QUICK_START} ended as ${run.status}. ${explainFailure(run)}`);
  const content = await printer.stage(`boot of ${image.name}`, (report) =>
    bootAndRead({
      endpoint: stack.servers.ec2.endpoint,
      amiId: locator.amiId,
      subnetId: stack.subnetId,
      file: WITNESS_FILE,
      report,
      signal,
    }),
  );
  if (content.trim() !== WITNESS_SUM)
    throw new Error(
      `${WITNESS_FILE} in the booted image holds "${content.trim()}" instead of "${WITNESS_SUM}"`,
    );
  printer.line(`The booted image holds ${WITNESS_FILE}: ${content.trim()}`);
  printer.line(
    `${run.status}: image ${image.name} = ${locator.amiId}, account ${locator.accountId}, region ${locator.region}`,
  );
  await printer.stage('save', () => stack.save());
}

async function build(stack: Stack, printer: StagePrinter, report: Report, signal: AbortSignal): Promise<Run> {
  const { workspaceId, imageDefinitionId } = stack.seeded;
  const path = `/v1/workspaces/${workspaceId}/image-definitions/${imageDefinitionId}/runs`;
  const { id, imageName, steps: planned = [] } = await stack.api.post(path, {}, runSchema);
  printer.line(`Run ${id} builds ${imageName}`);
  const steps = new Map(planned.map((step) => [step.index, step.name]));
  return followRun({
    api: stack.api,
    workspaceId,
    runId: id,
    signal,
    listener: {
      onLine: (line) => printer.line(formatLine(line, steps)),
      onStep: (step) => {
        steps.set(step.index, step.name);
        if (step.status === 'running') report(`step ${step.index}: ${step.name}`);
      },
      onRun: (run) => report(run.queue === undefined ? run.phase : `waits: ${run.queue.reason}`),
    },
  });
}

function formatLine(line: LogLine, steps: ReadonlyMap<number, string>): string {
  const step = line.step === null ? '' : (steps.get(line.step) ?? `step ${line.step}`);
  return `${line.ts.slice(11, 19)}  ${step.slice(0, 24).padEnd(24)}  ${line.text}`;
}

function explainFailure({ failure }: Run): string {
  if (failure === undefined) return '';
  const step = failure.step === null ? '' : ` in step "${failure.step}"`;
  return `${failure.category}${step}: ${failure.message} ${failure.remedy}`;
}
