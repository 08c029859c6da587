/** Builds of CodeBuild's stand-in that get no machine: the test itself plays the runner, or lets none come. */
import { z } from 'zod';
import { inject } from 'vitest';
import { PATIENCE_SECONDS, until } from '../../../support/e2e-wait.ts';
import type { FaultyCloud } from './faulty-cloud.ts';

const orderSchema = z.object({
  idempotencyToken: z.string(),
  environmentVariablesOverride: z.array(z.object({ name: z.string(), value: z.string() })),
});

/** What a build was told: all that a runner needs to claim the run. */
export type Order = { workspaceId: string; runId: string; token: string; idempotencyToken: string };

type Variables = { name: string; value: string }[];

/** What a runner finds in the environment of its build. */
export const environmentOf = (variables: Variables): Omit<Order, 'idempotencyToken'> => {
  const of = (name: string) => variables.find((one) => one.name === name)?.value ?? '';
  return {
    workspaceId: of('GOLDSMITH_WORKSPACE_ID'),
    runId: of('GOLDSMITH_RUN_ID'),
    token: of('GOLDSMITH_CLAIM_TOKEN'),
  };
};

const readOrder = (body: string): Order => {
  const { idempotencyToken, environmentVariablesOverride } = orderSchema.parse(JSON.parse(body));
  return { ...environmentOf(environmentVariablesOverride), idempotencyToken };
};

/** Every StartBuild of a run so far, repetitions of the SDK included. */
export const ordersOf = (cloud: FaultyCloud, runId: string): Order[] =>
  cloud.calls
    .filter(({ operation, body }) => operation === 'StartBuild' && body.includes(runId))
    .map(({ body }) => readOrder(body));

/** The last order of a run, as soon as there are so many different ones. */
export const orderOf = (cloud: FaultyCloud, runId: string, starts = 1): Promise<Order> =>
  until(`order ${starts} of ${runId}`, PATIENCE_SECONDS, () => {
    const orders = ordersOf(cloud, runId);
    return new Set(orders.map(({ token }) => token)).size >= starts ? orders.at(-1) : undefined;
  });

const buildSchema = z.looseObject({
  id: z.string(),
  buildStatus: z.string(),
  environment: z.object({
    environmentVariables: z.array(z.object({ name: z.string(), value: z.string() })),
  }),
});
const listSchema = z.object({ ids: z.array(z.string()) });
const buildsSchema = z.object({ builds: z.array(buildSchema) });

const ask = async (path: string, target: string, body: object): Promise<unknown> => {
  const answer = await fetch(`${inject('localStack').codebuildEndpoint}${path}`, {
    method: 'POST',
    headers: { 'x-amz-target': `CodeBuild_20161006.${target}` },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} ${target}: ${await answer.text()}`);
  return answer.json();
};

/** Holds all builds to come at this phase: none gets a machine. */
export const holdBuilds = (phase: 'QUEUED' | 'PROVISIONING' | null) => ask('/_goldsmith/hold', '', { phase });

/** Ends a build as CodeBuild itself would. */
export const endBuild = (id: string, status: 'SUCCEEDED' | 'FAILED' | 'FAULT' | 'TIMED_OUT') =>
  ask('/_goldsmith/end', '', { id, status });

/** The builds that were really started for a run, the newest first. */
export const buildsOf = async (projectName: string, runId: string) => {
  const { ids } = listSchema.parse(await ask('/', 'ListBuildsForProject', { projectName }));
  if (ids.length === 0) return [];
  const { builds } = buildsSchema.parse(await ask('/', 'BatchGetBuilds', { ids }));
  return builds.filter(({ environment }) =>
    environment.environmentVariables.some(({ value }) => value === runId),
  );
};

/** Ends whatever builds still go on. */
export const endAllBuilds = async (projectName: string): Promise<void> => {
  const { ids } = listSchema.parse(await ask('/', 'ListBuildsForProject', { projectName }));
  for (const id of ids) await endBuild(id, 'FAILED');
};
