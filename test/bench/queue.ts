/**
 * `npm run bench -- queue [runs] [at a time]`: how many queued runs a second get through when their builds take no time, and
 * that none is lost. First the engine by itself, its tables in memory, then deployed on a local cloud of its own.
 */
import { measureEngine } from './support/engine-rate.ts';
import { measureDeployed } from './support/queue-rate.ts';
import { machine } from './support/with-stack.ts';

const RUNS = 100;
const AT_A_TIME = 50;

const runs = Number(process.argv[2] ?? RUNS);
const limit = Number(process.argv[3] ?? AT_A_TIME);
console.log(`${machine()}, ${runs} runs, ${limit} at a time`);
console.log('\nThe engine by itself\n');
await measureEngine(runs);
console.log('\nDeployed on the local cloud\n');
process.exitCode = (await measureDeployed(runs, limit)) ? 0 : 1;
