import { createHash } from 'node:crypto';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { runStore } from '../../shared/store/run-store.ts';
import { openTable, type Table } from '../../shared/store/table.ts';
import { scopeTo } from '../../shared/store/workspace-scope.ts';
import { localStack } from '../support/e2e-client.ts';

/** The deployment from the inside: for faults at moments that no client can choose. */

export const awsSettings = () => {
  const { awsEndpoint, region } = localStack();
  return { endpoint: awsEndpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
};

/** The two tables. */
export const openTables = async (): Promise<{ core: Table; traffic: Table }> => {
  const client = new DynamoDBClient(awsSettings());
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const { TableNames: names = [] } = await client.send(new ListTablesCommand({}));
  const named = (part: string) => names.find((name) => name.includes(part)) ?? part;
  return {
    core: openTable(named('CoreTable'), documents),
    traffic: openTable(named('TrafficTable'), documents),
  };
};

const functionsSchema = z.object({
  Functions: z.array(
    z.object({
      FunctionName: z.string(),
      Environment: z
        .object({ Variables: z.record(z.string(), z.string()).default({}) })
        .default({ Variables: {} }),
    }),
  ),
});

/** As the emulator wants it: it looks at the name of the service only. */
const authorization = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;

/** A deployed function: its name and environment, and a way to call it. */
export const deployedFunction = async (part: string) => {
  const { awsEndpoint } = localStack();
  const base = `${awsEndpoint}/2015-03-31/functions`;
  const headers = { authorization: authorization('lambda') };
  const listed = functionsSchema.parse(await (await fetch(`${base}/`, { headers })).json());
  const found = listed.Functions.find((one) => one.FunctionName.includes(part));
  if (found === undefined) throw new Error(`no function ${part}`);
  return {
    environment: found.Environment.Variables,
    invoke: async (event: unknown): Promise<{ isError: boolean; payload: string }> => {
      const answer = await fetch(`${base}/${found.FunctionName}/invocations`, {
        method: 'POST',
        headers,
        body: JSON.stringify(event),
      });
      return { isError: answer.headers.has('x-amz-function-error'), payload: await answer.text() };
    },
  };
};

export const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

export const storeOf = (core: Table, workspaceId: string) => runStore(core, scopeTo(workspaceId));
