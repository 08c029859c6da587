/**
 * What a program sends to AWS, seen on the way: a proxy in front of the emulator that notes each command, what it
 * costs and which commands it had to wait for. The program itself is not touched.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { itemSchema, itemSize, readUnits, transactionUnits, type WireItem } from './read-write-units.ts';

export type Command = {
  service: string;
  action: string;
  begin: number;
  end: number;
  read: number;
  write: number;
};

/** Each command is held back this long: those that do not wait for one another then surely overlap. */
const HOLD_MS = 40;

type Answered = { status: number; type: string; body: Buffer };

const keyed = z.object({ TableName: z.string(), Key: itemSchema });
const written = z.object({
  Put: z.object({ TableName: z.string(), Item: itemSchema }).optional(),
  Update: keyed.optional(),
  Delete: keyed.optional(),
  ConditionCheck: keyed.optional(),
});
const transactionSchema = z.object({ TransactItems: z.array(written) });
const batchSchema = z.object({ RequestItems: z.record(z.string(), z.object({ Keys: z.array(itemSchema) })) });
const foundSchema = z.object({ Item: itemSchema.optional() });
const queriedSchema = z.object({ Items: z.array(itemSchema) });
const batchFoundSchema = z.object({ Responses: z.record(z.string(), z.array(itemSchema)) });

type Spot = { table: string; key: WireItem };
const sum = (numbers: number[]): number => numbers.reduce((all, one) => all + one, 0);
const parse = <T>(schema: z.ZodType<T>, bytes: Buffer): T => schema.parse(JSON.parse(bytes.toString()));

const spotOf = ({ Put, Update, Delete, ConditionCheck }: z.infer<typeof written>): Spot => {
  if (Put !== undefined) {
    const { pk = {}, sk = {} } = Put.Item;
    return { table: Put.TableName, key: { pk, sk } };
  }
  const one = Update ?? Delete ?? ConditionCheck;
  if (one === undefined) throw new Error('a write of an unknown kind');
  return { table: one.TableName, key: one.Key };
};

/** What a read costs. Items are read whole and always strongly consistent here. */
const costOfRead = (action: string, asked: Buffer, answer: Buffer): number => {
  if (action === 'GetItem') {
    const { Item } = parse(foundSchema, answer);
    return readUnits(Item === undefined ? 0 : itemSize(Item));
  }
  if (action === 'Query') return readUnits(sum(parse(queriedSchema, answer).Items.map(itemSize)));
  if (action !== 'BatchGetItem') return 0;
  const keys = sum(Object.values(parse(batchSchema, asked).RequestItems).map(({ Keys }) => Keys.length));
  const found = Object.values(parse(batchFoundSchema, answer).Responses).flat();
  return sum(found.map((item) => readUnits(itemSize(item)))) + keys - found.length;
};

type Asked = { method: string; path: string; headers: Record<string, string>; body: Buffer };

const PASSED_ON = ['authorization', 'content-type', 'x-amz-target'];

const askedBy = async (request: IncomingMessage): Promise<Asked> => {
  const headers = PASSED_ON.flatMap((name): [string, string][] => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  const body = await buffer(request);
  const { method = 'POST', url = '/' } = request;
  return { method, path: url, headers: Object.fromEntries(headers), body };
};

const send = async (target: string, { method, path, headers, body }: Asked): Promise<Answered> => {
  const sent = body.length > 0 && { body: new Uint8Array(body) };
  const answer = await fetch(`${target}${path}`, { method, headers, ...sent });
  const type = answer.headers.get('content-type') ?? 'application/json';
  return { status: answer.status, type, body: Buffer.from(await answer.arrayBuffer()) };
};

/** Bytes of the items in these places, 0 where there is none. */
const sizesAt = (target: string, asked: Asked, spots: Spot[]): Promise<number[]> =>
  Promise.all(
    spots.map(async ({ table, key }) => {
      const headers = { ...asked.headers, 'x-amz-target': 'DynamoDB_20120810.GetItem' };
      const body = Buffer.from(JSON.stringify({ TableName: table, Key: key, ConsistentRead: true }));
      const { Item } = parse(foundSchema, (await send(target, { ...asked, headers, body })).body);
      return Item === undefined ? 0 : itemSize(Item);
    }),
  );

type Passed = { answer: Answered; read: number; write: number };

/** Passes a request on and tells what it cost. */
const pass = async (target: string, action: string, asked: Asked): Promise<Passed> => {
  if (action !== 'TransactWriteItems') {
    const answer = await send(target, asked);
    const read = answer.status === 200 ? costOfRead(action, asked.body, answer.body) : 0;
    return { answer, read, write: 0 };
  }
  const spots = parse(transactionSchema, asked.body).TransactItems.map(spotOf);
  const before = await sizesAt(target, asked, spots);
  const answer = await send(target, asked);
  const after = await sizesAt(target, asked, spots);
  // A check counts like a write of what it looks at: at most that.
  const write = sum(spots.map((_, at) => transactionUnits(Math.max(before[at] ?? 0, after[at] ?? 0))));
  return { answer, read: 0, write };
};

const nameOf = ({ headers }: Asked): [string, string] => {
  const [service = '', action = ''] = (headers['x-amz-target'] ?? '').split('.');
  return [service.replace(/_\d+$/, '').replace('TrentService', 'KMS'), action];
};

/** Starts the proxy. `recorded` tells what the work sent; outside of it commands pass as fast as they can. */
export const startRecorder = async (target: string) => {
  let commands: Command[] | undefined;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = await askedBy(request);
    const [service, action] = nameOf(asked);
    const into = commands;
    const begin = performance.now();
    if (into !== undefined) await pause(HOLD_MS);
    const { answer, read, write } = await pass(target, action, asked);
    into?.push({ service, action, begin, end: performance.now(), read, write });
    response.writeHead(answer.status, { 'content-type': answer.type });
    response.end(answer.body);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    recorded: async (work: () => Promise<unknown>): Promise<Command[]> => {
      const mine: Command[] = [];
      commands = mine;
      try {
        await work();
      } finally {
        commands = undefined;
      }
      return mine;
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
export type Recorder = Awaited<ReturnType<typeof startRecorder>>;

/** The longest chain of commands of which each began when the one before had been answered. */
export const criticalPath = (commands: readonly Command[]): number => {
  const depths: { end: number; depth: number }[] = [];
  for (const { begin, end } of commands.toSorted((a, b) => a.begin - b.begin)) {
    const before = depths.filter((one) => one.end <= begin).map(({ depth }) => depth);
    depths.push({ end, depth: 1 + Math.max(0, ...before) });
  }
  return Math.max(0, ...depths.map(({ depth }) => depth));
};
