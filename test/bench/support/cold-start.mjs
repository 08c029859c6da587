/**
 * One cold start: loads a bundle and has it answer one request. Run in a process of its own; no TypeScript, so that
 * nothing is loaded but the bundle. Prints milliseconds since the process began.
 */
/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call -- what a bundle exports is not known here */
import { pathToFileURL } from 'node:url';

const [, , bundle = '', event] = process.argv;
const context = {
  functionName: 'bench',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:bench',
  memoryLimitInMB: '512',
  awsRequestId: 'request-1',
};
const { handler } = await import(pathToFileURL(bundle).href);
const loaded = performance.now();
const answer = event === undefined ? {} : await handler(JSON.parse(event), context);
process.stdout.write(JSON.stringify({ loaded, answered: performance.now(), answer }));
// What the SDK keeps open would keep the process.
process.exit(0);
