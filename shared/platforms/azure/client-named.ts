import * as z from 'zod';
import type { Session } from './client-session.ts';
import { ifThere } from './errors.ts';
import { isDeploymentOfRun, isDiskOfRun } from './names.ts';
import { DEPLOYMENT } from './resource-id.ts';

const deploymentsAnswer = z.object({
  value: z.array(z.object({ id: z.string(), name: z.string() })),
  nextLink: z.string().optional(),
});
/** Version of the interface that reads and deletes deployments. */
export const DEPLOYMENTS_VERSION = '2021-04-01';

type Named = { id: string; name: string };

const disksIn = async (session: Session, group: string): Promise<Named[]> => {
  const found: Named[] = [];
  for await (const { id, name = '' } of session.compute().disks.listByResourceGroup(group))
    if (id !== undefined) found.push({ id, name });
  return found;
};

/** Where the next page begins, as its address says; undefined of the last one. */
const skipIn = (nextLink: string | undefined): string | undefined =>
  nextLink === undefined ? undefined : (new URL(nextLink).searchParams.get('$skiptoken') ?? undefined);

const deploymentsIn = async ({ read, subscriptionId }: Session, group: string): Promise<Named[]> => {
  const path = `/subscriptions/${subscriptionId}/resourceGroups/${group}/providers/${DEPLOYMENT}`;
  const found: Named[] = [];
  let skip: string | undefined;
  do {
    const page = skip === undefined ? path : `${path}?$skiptoken=${encodeURIComponent(skip)}`;
    const { value, nextLink } = deploymentsAnswer.parse(await read(page, DEPLOYMENTS_VERSION));
    found.push(...value);
    skip = skipIn(nextLink);
  } while (skip !== undefined);
  return found;
};

/**
 * What Azure puts no tags on in a group that stays, with the runs whose names it has: disks of a VM, and the deployments
 * that Packer makes everything with. None of a group that is gone.
 */
export const findNamed = async (
  session: Session,
  group: string,
  runIds: string[],
): Promise<{ id: string; runId: string }[]> => {
  const lists = [disksIn(session, group), deploymentsIn(session, group)];
  const [disks = [], deployments = []] = await Promise.all(lists.map((list) => ifThere(list)));
  const of = (all: Named[], isOf: (name: string, runId: string) => boolean) =>
    all.flatMap(({ id, name }) =>
      runIds.filter((runId) => isOf(name, runId)).map((runId) => ({ id, runId })),
    );
  return [...of(disks, isDiskOfRun), ...of(deployments, isDeploymentOfRun)];
};
