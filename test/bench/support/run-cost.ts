import { functionLimits } from '../../../infra/constructs/function-limits.ts';
import type { Bill, CallKind, Invocation, Metered } from '../../support/bill.ts';
import { type PriceName, prices } from './prices.ts';

/** Turns what was counted into dollars. Only the time of functions and the length of AWS's own log lines are assumed. */

/** What a price is asked for, and how much of it is used. */
export type Cost = { part: string; price: PriceName; amount: number; usd: number };

const priceOf: Record<Exclude<Metered, 'sentBytes'>, PriceName> = {
  coreReadUnits: 'readUnit',
  trafficReadUnits: 'readUnit',
  coreWriteUnits: 'writeUnit',
  indexWriteUnits: 'writeUnit',
  trafficWriteUnits: 'writeUnit',
  transitions: 'transition',
  httpRequests: 'httpRequest',
  socketMessages: 'socketMessage',
  socketMinutes: 'socketMinute',
  fifoRequests: 'fifoRequest',
  queueRequests: 'queueRequest',
  busEvents: 'busEvent',
  objectPuts: 'objectPut',
  objectGets: 'objectGet',
  keyCalls: 'keyCall',
};

/** Milliseconds that a call takes on AWS within a region: assumed, generously. One after the other, though some are not. */
export const CALL_MS: Record<CallKind, number> = {
  read: 5,
  write: 7,
  transaction: 15,
  object: 40,
  key: 10,
  queue: 15,
  workflow: 30,
  bus: 25,
  socket: 20,
  build: 300,
  cloud: 200,
};
/** What a function does itself, at a third of a core. */
const OWN_MS = 10;
/** The first call of a function in a while: loading it (docs/benchmarks.md, "Size and cold start", at a third of a core). */
const COLD_MS = 700;

/** START, END and REPORT of a call, and the 26 bytes that each event counts for beside its text. */
const LINES_OF_CALL_BYTES = 350 + 3 * 26;
/** The line that the gateway writes of a request (infra/constructs/public-api.ts). */
const LINE_OF_REQUEST_BYTES = 340 + 26;
const GIGABYTE = 1e9;

const durationOf = ({ calls }: Invocation): number =>
  [...calls].reduce((sum, [kind, times]) => sum + times * CALL_MS[kind], OWN_MS);

const costOf = (part: string, price: PriceName, amount: number): Cost => ({
  part,
  price,
  amount,
  usd: amount * prices[price].usd,
});

const costsOfCall = (invocation: Invocation, isFirst: boolean): Cost[] => {
  const { part, name } = invocation;
  const gigabytes = functionLimits[name].memorySize / 1024;
  const seconds = (durationOf(invocation) + (isFirst ? COLD_MS : 0)) / 1000;
  return [
    costOf(part, 'lambdaRequest', 1),
    costOf(part, 'lambdaGigabyteSecond', gigabytes * seconds),
    costOf(part, 'logGigabyte', LINES_OF_CALL_BYTES / GIGABYTE),
  ];
};

const costsOfLine = (part: string, what: Metered, amount: number): Cost[] => {
  if (what === 'sentBytes') return [costOf(part, 'sentGigabyte', amount / GIGABYTE)];
  const cost = costOf(part, priceOf[what], amount);
  if (what !== 'httpRequests') return [cost];
  return [cost, costOf(part, 'logGigabyte', (amount * LINE_OF_REQUEST_BYTES) / GIGABYTE)];
};

/** Everything that was taken down, priced. Each function is loaded once, unless all are loaded already. */
export const costsOf = (bill: Bill, { areLoaded = false } = {}): Cost[] => {
  const loaded = new Set<string>();
  const calls = bill.invocations.flatMap((invocation) => {
    const isFirst = !areLoaded && !loaded.has(invocation.name);
    loaded.add(invocation.name);
    return costsOfCall(invocation, isFirst);
  });
  return [...bill.lines().flatMap(({ part, what, amount }) => costsOfLine(part, what, amount)), ...calls];
};

export const sumOf = (costs: readonly Cost[]): number => costs.reduce((sum, { usd }) => sum + usd, 0);

/** The costs by something of theirs, the dearest first. */
export const grouped = (costs: readonly Cost[], by: (cost: Cost) => string): [string, Cost[]][] =>
  [...Map.groupBy(costs, by)].toSorted(([, a], [, b]) => sumOf(b) - sumOf(a));
