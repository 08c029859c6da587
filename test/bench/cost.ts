/**
 * `npm run bench -- cost [minutes] [lines] [bursts] [viewers] [steps]`: what a run costs on AWS besides CodeBuild, and what a
 * deployment costs that does nothing. The functions' own code runs over tables and clients that keep account; prices are
 * those of test/bench/support/prices.ts. Ends with 0 only when the goal is met.
 */
import { furnish, type RunShape, runMetered } from '../support/metered-run.ts';
import { openMeteredWorld } from '../support/metered-world.ts';
import { bytesOfItem } from '../support/table-limits.ts';
import { table, verdict } from './support/figures.ts';
import { idleCosts } from './support/idle-cost.ts';
import { prices, READ_ON } from './support/prices.ts';
import { type Cost, costsOf, grouped, sumOf } from './support/run-cost.ts';

/** The run of the goal. */
const GOAL = { usd: 0.01, shape: { minutes: 45, lines: 20_000, bursts: 900, viewers: 1, steps: 6 } };
/** A log is kept for 400 days (shared/store/log-store.ts). */
const KEPT_MONTHS = 400 / 30.4;

const dollars = (usd: number): string => usd.toFixed(6);
const amount = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));

const shapeFrom = (given: number[]): RunShape => {
  const { minutes, lines, bursts, viewers, steps } = GOAL.shape;
  const [a = minutes, b = lines, c = bursts, d = viewers, e = steps] = given;
  return { minutes: a, lines: b, bursts: c, viewers: d, steps: e };
};

/** Bytes of all rows; each takes 100 more in storage (DynamoDB developer guide, "Item sizes and formats"). */
const stored = (rows: Iterable<Record<string, unknown>>): number =>
  [...rows].reduce((sum, row) => sum + bytesOfItem(row) + 100, 0);

const measure = async (shape: RunShape) => {
  const world = openMeteredWorld();
  const { workspaceId, definitions } = await furnish(world, shape.steps);
  const [definitionId = ''] = definitions;
  await world.settle();
  world.bill.clear();
  const bytes = () => stored([...world.engine.core.rows.values(), ...world.engine.traffic.rows.values()]);
  const before = bytes();
  await runMetered(world, { workspaceId, definitionId }, shape);
  return { bill: world.bill, costs: costsOf(world.bill), keptBytes: bytes() - before };
};

const printBy = (title: string, costs: Cost[], by: (cost: Cost) => string): void => {
  const all = sumOf(costs);
  const rows = grouped(costs, by).map(([name, own]) => [
    name,
    dollars(sumOf(own)),
    `${((sumOf(own) / all) * 100).toFixed(1)} %`,
  ]);
  console.log(`\n${table([title, 'dollars', 'share'], [...rows, ['sum', dollars(all), '100.0 %']])}`);
};

const printUses = (costs: Cost[]): void => {
  const rows = grouped(costs, ({ price }) => price).map(([, own]) => {
    const [{ price } = { price: 'readUnit' as const }] = own;
    const used = own.reduce((sum, cost) => sum + cost.amount, 0);
    return [prices[price].per, price, amount(used), dollars(sumOf(own)), prices[price].source];
  });
  console.log(`\n${table(['metered as', 'price', 'used', 'dollars', 'source of the price'], rows)}`);
};

const printOthers = async (shape: RunShape): Promise<void> => {
  const variants: [string, RunShape][] = [
    ['nobody watches', { ...shape, viewers: 0 }],
    ['five watch', { ...shape, viewers: 5 }],
    [
      'ten minutes, 2,000 lines in 200 bursts, nobody watches',
      { ...shape, minutes: 10, lines: 2000, bursts: 200, viewers: 0 },
    ],
  ];
  const rows: string[][] = [];
  for (const [name, other] of variants) rows.push([name, dollars(sumOf((await measure(other)).costs))]);
  console.log(`\n${table(['the same, but', 'dollars'], rows)}`);
};

const printIdle = async (): Promise<void> => {
  const lines = await idleCosts();
  const sum = lines.reduce((all, { usd }) => all + usd, 0);
  const rows = [...lines.map(({ name, usd }) => [name, usd.toFixed(3)]), ['sum', sum.toFixed(2)]];
  console.log(`\nA deployment in which nothing happens\n\n${table(['a month', 'dollars'], rows)}`);
};

const shape = shapeFrom(process.argv.slice(2).map(Number));
const { minutes, lines, bursts, viewers, steps } = shape;
console.log(
  `A run of ${minutes} minutes, ${lines} lines in ${bursts} bursts, ${viewers} viewer(s), ${steps} steps; us-east-1, list prices read on ${READ_ON}`,
);
const { costs, keptBytes } = await measure(shape);
printBy('part', costs, ({ part }) => part);
printBy('price', costs, ({ price }) => price);
printUses(costs);
const kept = (keptBytes / 1e9) * prices.tableGigabyteMonth.usd;
console.log(
  `\nkept: ${Math.round(keptBytes / 1000)} KB, ${dollars(kept)} a month, ${dollars(kept * KEPT_MONTHS)} for the 400 days that a log is kept`,
);
await printOthers(shape);
await printIdle();
const isMet = sumOf(costs) <= GOAL.usd;
console.log(`\nsum of the run: ${dollars(sumOf(costs))} dollars (goal: ≤ ${GOAL.usd}): ${verdict(isMet)}`);
process.exitCode = isMet ? 0 : 1;
