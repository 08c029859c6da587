/**
 * `npm run bench -- definitions [requests] [cold starts]`: what the definitions API costs. Latency through the local
 * cloud, requests to DynamoDB with their units, size of the programs and their cold start, each beside a bare handler.
 */
import { measureColdStarts } from './support/cold-starts.ts';
import { measureLatency, prepare } from './support/latency.ts';
import { countRoundTrips } from './support/round-trips.ts';
import { machine, withStack } from './support/with-stack.ts';

const REQUESTS = 200;
const COLD_STARTS = 15;

const requests = Number(process.argv[2] ?? REQUESTS);
const coldStarts = Number(process.argv[3] ?? COLD_STARTS);
console.log(`${machine()}, ${requests} requests of each kind, ${coldStarts} cold starts of each function`);
await withStack(async () => {
  console.log('\nBundles and cold starts\n');
  await measureColdStarts(coldStarts);
  const prepared = await prepare();
  try {
    console.log('\nThrough the local cloud\n');
    await measureLatency(prepared, requests);
    console.log('\nRequests to DynamoDB\n');
    await countRoundTrips(prepared);
  } finally {
    await prepared.remove();
  }
});
