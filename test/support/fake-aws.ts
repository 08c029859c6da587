import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { AwsSnapshot } from '../../shared/platforms/aws/base-image.ts';
import { openSession, type Session } from '../../shared/platforms/aws/client-session.ts';
import { secret, snapshot } from '../unit/shared/packer/fixtures.ts';

/** An error as AWS gives one. */
export class Refusal extends Error {
  readonly code: string;
  constructor(code: string, message = `It says ${code}.`) {
    super(message);
    this.code = code;
  }
}
type Parameters = Record<string, string>;
/** What is answered to an action: the inside of an XML answer, or an object for services that speak JSON. */
type Answer = (parameters: Parameters) => string | object;
export type Answers = Record<string, Answer>;

const xmlns: Record<string, string> = {
  '2016-11-15': 'http://ec2.amazonaws.com/doc/2016-11-15/',
  '2010-05-08': 'https://iam.amazonaws.com/doc/2010-05-08/',
};

const queryAnswer = ({ Action: action = '', Version: version = '' }: Parameters, inside: string): string =>
  version === '2016-11-15'
    ? `<${action}Response xmlns="${xmlns[version]}"><requestId>r</requestId>${inside}</${action}Response>`
    : `<${action}Response xmlns="${xmlns[version]}"><${action}Result>${inside}</${action}Result></${action}Response>`;

const queryRefusal = ({ Version: version }: Parameters, { code, message }: Refusal): string => {
  const error = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return version === '2016-11-15'
    ? `<Response><Errors>${error}</Errors><RequestID>r</RequestID></Response>`
    : `<ErrorResponse xmlns="${xmlns['2010-05-08']}">${error}<RequestId>r</RequestId></ErrorResponse>`;
};

/** Services that speak JSON are asked for single words here. */
const jsonParameters = z.record(z.string(), z.coerce.string());

type Call = { action: string; parameters: Parameters; isJson: boolean };

const callOf = async (request: IncomingMessage): Promise<Call> => {
  const body = await text(request);
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    const parameters = jsonParameters.parse(JSON.parse(body));
    return { action: target.split('.').at(-1) ?? '', parameters, isJson: true };
  }
  const parameters = Object.fromEntries(new URLSearchParams(body));
  return { action: parameters['Action'] ?? '', parameters, isJson: false };
};

const answerTo = (
  { action, parameters, isJson }: Call,
  answers: Answers,
  otherwise: Answer,
): { status: number; body: string } => {
  try {
    const answer = answers[action] ?? otherwise;
    const given = answer(parameters);
    const body = typeof given === 'string' ? queryAnswer(parameters, given) : JSON.stringify(given);
    return { status: 200, body };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const told = JSON.stringify({ __type: error.code, message: error.message });
    return { status: 400, body: isJson ? told : queryRefusal(parameters, error) };
  }
};

/** What nobody has an answer to. */
const nobody: Answer = () => {
  throw new Refusal('UnknownOperation');
};

/** A loopback server that answers for every service of AWS, and the calls that it got. The SDK finds it by its own variable. */
export const fakeAws = async (answers: Answers, otherwise: Answer = nobody) => {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const call = await callOf(request);
      calls.push(call);
      const { status, body } = answerTo(call, answers, otherwise);
      response.writeHead(status, { 'content-type': call.isJson ? 'application/x-amz-json-1.1' : 'text/xml' });
      response.end(body);
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  process.env['AWS_ENDPOINT_URL'] = `http://127.0.0.1:${address.port}`;
  const close = async (): Promise<void> => {
    delete process.env['AWS_ENDPOINT_URL'];
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { answers, calls, close };
};

/** A snapshot of a connection with an access key. */
export const keySnapshot = (fields: Partial<AwsSnapshot> = {}): AwsSnapshot => {
  const from = snapshot(fields);
  const auth = {
    type: 'access-key' as const,
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: secret('settings/auth/secretAccessKey'),
  };
  return { ...from, connection: { ...from.connection, settings: { region: 'eu-central-1', auth } } };
};

/** A session of that connection in `eu-central-1`. */
export const fakeSession = (): Session =>
  openSession({
    connection: keySnapshot().connection,
    decrypt: () => Promise.resolve('secret'),
    sessionName: 'test',
    region: 'eu-central-1',
  });

/** A list as EC2 writes one. */
export const items = (name: string, inside: readonly string[]): string =>
  `<${name}>${inside.map((one) => `<item>${one}</item>`).join('')}</${name}>`;
