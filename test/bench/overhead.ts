/**
 * `npm run bench -- overhead [rounds]`: what Goldsmith adds to a build. The template that `GET /runs/{id}/template` answers is built
 * by Packer alone and by a run, in turns, on the stack that runs here or on one that is started for it. Packer alone builds it
 * without the markers of the steps, which nobody else would have, and, to tell what those take, with them.
 */
import { createDefinition, shellStep } from '../support/e2e-definitions.ts';
import { buildPlainly, type PlainBuild } from '../support/e2e-plain-packer.ts';
import { PARTS, type Timeline, timeRun } from '../support/e2e-timeline.ts';
import { median, quantile } from './support/figures.ts';
import { machine, withStack } from './support/with-stack.ts';

const ROUNDS = 5;
/** What the product promises: at most two seconds and two per cent, and a line on the screen within half a second. */
const GOAL = { milliseconds: 2000, share: 0.02, lineMilliseconds: 500 };

const steps = [
  shellStep(
    'Says much',
    'for n in $(seq 60); do echo "line $n of some length, as scripts print it"; sleep 0.05; done',
  ),
  shellStep('Writes', 'echo built > /home/admin/built; sync'),
];

const row = (name: string, values: readonly number[], of?: number): string => {
  const numbers = [quantile(values, 0), median(values), quantile(values, 1)].map((value) =>
    Math.round(value).toString().padStart(8),
  );
  const ratio = of === undefined ? '' : `${((median(values) / of) * 100).toFixed(1).padStart(8)} %`;
  return `| ${name.padEnd(46)} |${numbers.join(' |')} |${ratio.padStart(11)} |`;
};

type Measured = { plain: readonly PlainBuild[]; same: readonly PlainBuild[]; runs: readonly Timeline[] };

const printTable = ({ plain, same, runs }: Measured): void => {
  const ofPlain = median(plain.map(({ total }) => total));
  console.log(`\n| ${'milliseconds'.padEnd(46)} |     min |  median |     max | of plain  |`);
  console.log(`| ${'-'.repeat(46)} | ------- | ------- | ------- | --------- |`);
  console.log(
    row(
      'plain packer build',
      plain.map(({ total }) => total),
      ofPlain,
    ),
  );
  console.log(
    row(
      '  of it up to the first line',
      plain.map(({ toFirstLine }) => toFirstLine),
      ofPlain,
    ),
  );
  console.log(
    row(
      'the same with the markers of the steps',
      same.map(({ total }) => total),
      ofPlain,
    ),
  );
  console.log(
    row(
      'run, from the request to its end on the screen',
      runs.map(({ total }) => total),
      ofPlain,
    ),
  );
  for (const part of PARTS) {
    const values = runs.map(({ parts }) => parts.get(part) ?? Number.NaN);
    console.log(row(`  ${part}`, values, ofPlain));
  }
};

/** Says how far the goals are met; false when they are not. */
const judge = (plain: readonly PlainBuild[], runs: readonly Timeline[]): boolean => {
  const ofPlain = median(plain.map(({ total }) => total));
  // Of neighbours in time, because the machine may do other things as well.
  const overhead = median(runs.map(({ total }, at) => total - (plain[at]?.total ?? ofPlain)));
  const allowed = GOAL.milliseconds + GOAL.share * ofPlain;
  const lines = runs.flatMap(({ latencies }) => latencies);
  const [p50, p99] = [median(lines), quantile(lines, 0.99)];
  const share = ((overhead / ofPlain) * 100).toFixed(1);
  console.log(
    `\noverhead: ${Math.round(overhead)} ms, ${share} % of plain (goal: ≤ ${Math.round(allowed)} ms)`,
  );
  console.log(
    `line to screen, ${lines.length} lines: p50 ${p50} ms, p99 ${p99} ms (goal: p99 ≤ ${GOAL.lineMilliseconds} ms)`,
  );
  return overhead <= allowed && p99 <= GOAL.lineMilliseconds;
};

const measure = async (rounds: number): Promise<boolean> => {
  const { definition } = await createDefinition('Bench', steps);
  // The first run warms the functions up, and gives the template.
  const { template } = await timeRun(definition.id);
  const plain: PlainBuild[] = [];
  const same: PlainBuild[] = [];
  const runs: Timeline[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    plain.push(await buildPlainly(template, `${definition.name}-plain-${round}`, 'without markers'));
    runs.push(await timeRun(definition.id));
    same.push(await buildPlainly(template, `${definition.name}-same-${round}`, 'with markers'));
    const [packer, run, own] = [plain, runs, same].map((all) => Math.round(all.at(-1)?.total ?? 0));
    console.log(`round ${round}: plain ${packer} ms, run ${run} ms, its very template ${own} ms`);
  }
  printTable({ plain, same, runs });
  return judge(plain, runs);
};

const rounds = Number(process.argv[2] ?? ROUNDS);
console.log(`${machine()}, ${rounds} rounds`);
process.exitCode = (await withStack(() => measure(rounds))) ? 0 : 1;
