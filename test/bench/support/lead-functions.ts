/** Other settings for the functions that are deployed in the emulator: where they call, and how much may run at a time. */
import * as z from 'zod';
import { localStack } from '../../support/e2e-client.ts';
import { until } from '../../support/e2e-wait.ts';

const functionSchema = z.object({
  FunctionName: z.string(),
  State: z.string().optional(),
  Environment: z
    .object({ Variables: z.record(z.string(), z.string()).default({}) })
    .default({ Variables: {} }),
});
type Deployed = z.infer<typeof functionSchema>;
const listSchema = z.object({ Functions: z.array(functionSchema) });
const poolsSchema = z.array(z.looseObject({ maxConcurrentRuns: z.int() }));

/** As the emulator wants it: it looks at the name of the service only. */
const headers = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0',
};
const base = () => `${localStack().awsEndpoint}/2015-03-31/functions`;

const read = async (path: string): Promise<unknown> => (await fetch(`${base()}/${path}`, { headers })).json();

const change = async ({ FunctionName }: Deployed, Variables: Record<string, string>): Promise<void> => {
  const body = JSON.stringify({ Environment: { Variables } });
  const answer = await fetch(`${base()}/${FunctionName}/configuration`, { method: 'PUT', headers, body });
  if (!answer.ok) throw new Error(`${FunctionName} could not be changed: ${await answer.text()}`);
  await until(`the change of ${FunctionName}`, 20, async () => {
    const { State } = functionSchema.parse(await read(`${FunctionName}/configuration`));
    return State === 'Active' ? true : undefined;
  });
};

const withLimit = (pools: string, limit: number): string =>
  JSON.stringify(poolsSchema.parse(JSON.parse(pools)).map((pool) => ({ ...pool, maxConcurrentRuns: limit })));

/** Leads calls to CodeBuild and to the customer's account to `url`, and lets so many runs go on at a time. */
export const leadFunctions = async (url: string, limit: number): Promise<void> => {
  const { Functions } = listSchema.parse(await read(''));
  for (const one of Functions) {
    const { Variables } = one.Environment;
    const pools = Variables['RUNNER_POOLS'];
    await change(one, {
      ...Variables,
      ...(pools === undefined ? {} : { RUNNER_POOLS: withLimit(pools, limit) }),
      ...(Variables['WORKSPACE_LIMIT'] === undefined ? {} : { WORKSPACE_LIMIT: String(limit) }),
      AWS_ENDPOINT_URL_CODEBUILD: url,
      AWS_ENDPOINT_URL_EC2: url,
      AWS_ENDPOINT_URL_STS: url,
    });
  }
};
