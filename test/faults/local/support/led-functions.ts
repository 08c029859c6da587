/** Leads the calls of deployed functions through the proxy, and back. */
import { z } from 'zod';
import { localStack } from '../../../support/e2e-client.ts';
import { until } from '../../../support/e2e-wait.ts';
import type { FaultyCloud } from './faulty-cloud.ts';

const configurationSchema = z.object({
  FunctionName: z.string(),
  State: z.string().optional(),
  Environment: z
    .object({ Variables: z.record(z.string(), z.string()).default({}) })
    .default({ Variables: {} }),
});
type Variables = Record<string, string>;

const listSchema = z.object({ Functions: z.array(configurationSchema) });

/** As the emulator wants it: it looks at the name of the service only. */
const headers = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0',
};
const base = () => `${localStack().awsEndpoint}/2015-03-31/functions`;

const configurationOf = async (name: string) =>
  configurationSchema.parse(await (await fetch(`${base()}/${name}/configuration`, { headers })).json());

/** Changes the variables of a function: the emulator ends its processes and starts new ones with these. */
const setVariables = async (name: string, Variables: Variables): Promise<void> => {
  const body = JSON.stringify({ Environment: { Variables } });
  const answer = await fetch(`${base()}/${name}/configuration`, { method: 'PUT', headers, body });
  if (!answer.ok) throw new Error(`${name} could not be changed: ${await answer.text()}`);
  await until(`the change of ${name}`, 20, async () => (await configurationOf(name)).State === 'Active');
};

/** Services whose calls can be made to fail; S3 is left alone, because links to it are signed for its address. */
const SERVICES = ['DYNAMODB', 'SFN', 'EVENTBRIDGE', 'CODEBUILD', 'EC2', 'STS', 'KMS'];

/** The SDK takes only the host and port of a queue's address; sockets are posted to whatever address is given. */
const ledVariables = (cloud: FaultyCloud, caller: string, variables: Variables): Variables => {
  const own = `${cloud.url}/${caller}`;
  const moved = new RegExp(`^http://(localhost|127\\.0\\.0\\.1):${new URL(localStack().awsEndpoint).port}`);
  const led: Variables = { ...variables };
  for (const [name, value] of Object.entries(variables)) {
    if (name.endsWith('_QUEUE_URL')) led[name] = value.replace(moved, cloud.url);
    if (name === 'SOCKET_CALLBACK_URL') led[name] = value.replace(moved, own);
  }
  for (const service of SERVICES) led[`AWS_ENDPOINT_URL_${service}`] = own;
  return led;
};

/**
 * Leads the calls of these functions through the proxy: parts of their names, each of which is the caller's name there.
 * Answers how to lead them back.
 */
export const leadThrough = async (
  cloud: FaultyCloud,
  parts: readonly string[],
): Promise<() => Promise<void>> => {
  const { Functions: all } = listSchema.parse(await (await fetch(`${base()}/`, { headers })).json());
  const led = parts.map((part) => {
    const found = all.find(({ FunctionName }) => FunctionName.includes(part));
    if (found === undefined) throw new Error(`there is no function ${part}`);
    return { part, name: found.FunctionName, variables: found.Environment.Variables };
  });
  await Promise.all(
    led.map(({ part, name, variables }) => setVariables(name, ledVariables(cloud, part, variables))),
  );
  return async () => {
    await Promise.all(led.map(({ name, variables }) => setVariables(name, variables)));
  };
};
