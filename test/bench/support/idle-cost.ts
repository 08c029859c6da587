import { reconcile } from '../../../functions/jobs/reconcile/reconcile.ts';
import { newSecret } from '../../../shared/runtime/ids.ts';
import { openMeteredWorld, POOL } from '../../support/metered-world.ts';
import { prices } from './prices.ts';
import { costsOf, sumOf } from './run-cost.ts';

const MINUTES_OF_MONTH = 43_800;
/** Lambda asks each queue by five long polls of 20 s at a time, whether anything is in it or not (research of 2026: known, not documented as a number). */
const POLLS_OF_MONTH = 5 * 3 * MINUTES_OF_MONTH;

const unplanned = (what: string) => () => Promise.reject(new Error(`an idle deployment has no ${what}`));

/** One look of the reconciler at a deployment in which nothing is due. */
const lookOnce = async () => {
  const world = openMeteredWorld();
  const { bill, engine, settle } = world;
  await bill.during('reconciler', () =>
    bill.invoke('jobs/reconcile', () =>
      reconcile({
        ...engine,
        newSecret,
        poolIds: [POOL.id],
        loadBuilds: async () => {},
        wakePool: async () => {
          bill.add('fifoRequests', 3);
          bill.call('queue');
        },
        builds: { ended: unplannedEnd, stop: unplanned('build') },
        workflows: { stateOf: unplanned('workflow'), wake: unplanned('workflow') },
        startWorkflow: unplanned('workflow'),
        startCloudBuild: unplanned('build'),
        sweep: unplanned('leftovers'),
        removeWorkspace: unplanned('removal'),
        sweepAccount: unplanned('sweep'),
      }),
    ),
  );
  await settle();
  return bill;
};

const unplannedEnd = (): never => {
  throw new Error('an idle deployment has no build');
};

/** Dollars a month. */
export const idleCosts = async (): Promise<{ name: string; usd: number }[]> => {
  // The function stays loaded from minute to minute: only what it does counts.
  const costs = costsOf(await lookOnce(), { areLoaded: true });
  const polls = (usd: number, queues: number): number => usd * POLLS_OF_MONTH * queues;
  return [
    { name: 'a key of KMS', usd: prices.keyMonth.usd },
    { name: 'Lambda asks the two standard queues', usd: polls(prices.queueRequest.usd, 2) },
    { name: 'Lambda asks the FIFO queue', usd: polls(prices.fifoRequest.usd, 1) },
    { name: 'the reconciler looks each minute', usd: sumOf(costs) * MINUTES_OF_MONTH },
    { name: 'Scheduler calls it (free below 14 million)', usd: prices.scheduledCall.usd * MINUTES_OF_MONTH },
  ];
};
