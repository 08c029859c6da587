/** The AWS services of the local cloud, called directly: for what the measurements add and take away again. */
import { zipSync } from 'fflate';
import * as z from 'zod';
import type { ProgramFiles } from '../../../infra/constructs/bundle.ts';
import { localStack } from '../../support/e2e-client.ts';

const deployedSchema = z.object({
  Functions: z.array(
    z.object({
      FunctionName: z.string(),
      Description: z.string(),
      Role: z.string(),
      Environment: z.object({ Variables: z.record(z.string(), z.string()) }).optional(),
    }),
  ),
});

/** As the emulator wants it: it looks at the name of the service only. */
const authorization = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;

const ask = async (service: string, method: string, path: string, body?: unknown): Promise<unknown> => {
  const answer = await fetch(`${localStack().awsEndpoint}${path}`, {
    method,
    headers: { authorization: authorization(service), 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
};

/** Deployed functions by the name of their folder: what the stack gave them as environment, and their role. */
export const deployedFunctions = async () => {
  const { Functions } = deployedSchema.parse(await ask('lambda', 'GET', '/2015-03-31/functions/'));
  return new Map(
    Functions.map((one) => [
      one.Description,
      { role: one.Role, environment: one.Environment?.Variables ?? {} },
    ]),
  );
};

const arnSchema = z.object({ FunctionArn: z.string() });
const apiSchema = z.object({ apiId: z.string() });
const integrationSchema = z.object({ integrationId: z.string() });

const openGateway = async (name: string, functionArn: string): Promise<string> => {
  const { apiId } = apiSchema.parse(
    await ask('apigateway', 'POST', '/v2/apis', { name, protocolType: 'HTTP' }),
  );
  const at = `/v2/apis/${apiId}`;
  const { integrationId } = integrationSchema.parse(
    await ask('apigateway', 'POST', `${at}/integrations`, {
      integrationType: 'AWS_PROXY',
      integrationUri: functionArn,
      payloadFormatVersion: '2.0',
    }),
  );
  const target = `integrations/${integrationId}`;
  await ask('apigateway', 'POST', `${at}/routes`, { routeKey: '$default', target });
  await ask('apigateway', 'POST', `${at}/stages`, { stageName: '$default', autoDeploy: true });
  return apiId;
};

/** The bare handler behind a gateway of its own in the same emulator. */
export const deployBare = async (
  files: ProgramFiles,
  { role, environment }: { role: string; environment: Record<string, string> },
) => {
  const name = `bench-${crypto.randomUUID().slice(0, 8)}`;
  const { FunctionArn } = arnSchema.parse(
    await ask('lambda', 'POST', '/2015-03-31/functions', {
      FunctionName: name,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: role,
      MemorySize: 512,
      Timeout: 25,
      Environment: { Variables: environment },
      Code: { ZipFile: Buffer.from(zipSync(Object.fromEntries(files))).toString('base64') },
    }),
  );
  const apiId = await openGateway(name, FunctionArn);
  return {
    url: `${localStack().awsEndpoint}/_aws/execute-api/${apiId}`,
    remove: async () => {
      await ask('apigateway', 'DELETE', `/v2/apis/${apiId}`);
      await ask('lambda', 'DELETE', `/2015-03-31/functions/${name}`);
    },
  };
};
