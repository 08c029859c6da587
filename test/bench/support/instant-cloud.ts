/**
 * The network's edge of a run that builds nothing: CodeBuild, whose builds are handed to who measures, and a customer's
 * account that has every image it is asked for by its id. What else it is asked it does not do, and a run goes on
 * without: a check that cannot be made is a warning.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';

const orderSchema = z.object({
  projectName: z.string(),
  environmentVariablesOverride: z.array(z.object({ name: z.string(), value: z.string() })),
});
const idsSchema = z.object({ ids: z.array(z.string()) });

/** What a build was told. */
export type Order = { buildId: string; workspaceId: string; runId: string; token: string };

const ACCOUNT = '123456789012';

const orderOf = (body: string, count: number): Order => {
  const { projectName, environmentVariablesOverride } = orderSchema.parse(JSON.parse(body));
  const of = (name: string) => environmentVariablesOverride.find((one) => one.name === name)?.value ?? '';
  return {
    buildId: `${projectName}:00000000-0000-4000-8000-${String(count).padStart(12, '0')}`,
    workspaceId: of('GOLDSMITH_WORKSPACE_ID'),
    runId: of('GOLDSMITH_RUN_ID'),
    token: of('GOLDSMITH_CLAIM_TOKEN'),
  };
};

const image = (id: string): string =>
  `<item><imageId>${id}</imageId><imageState>available</imageState><architecture>x86_64</architecture><name>base</name>` +
  `<imageOwnerId>${ACCOUNT}</imageOwnerId><creationDate>2026-01-01T00:00:00.000Z</creationDate><rootDeviceName>/dev/sda1</rootDeviceName>` +
  '<rootDeviceType>ebs</rootDeviceType><virtualizationType>hvm</virtualizationType></item>';

/** Ids of images that a call names, as such or in a filter; a filter by name finds none. */
const idsIn = (asked: URLSearchParams): string[] =>
  [...asked].flatMap(([name, value]) =>
    /^(ImageId\.\d+|Filter\.\d+\.Value\.\d+)$/.test(name) && value.startsWith('ami-') ? [value] : [],
  );

const SESSION =
  '<Credentials><AccessKeyId>instant</AccessKeyId><SecretAccessKey>instant</SecretAccessKey><SessionToken>instant</SessionToken>' +
  '<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>';
const CALLER = `<Arn>arn:aws:sts::${ACCOUNT}:assumed-role/goldsmith-builder/run</Arn><UserId>AROA:run</UserId><Account>${ACCOUNT}</Account>`;

/** Answers of the query protocol by action; undefined for what this account does not do. */
const answerOf = (asked: URLSearchParams): string | undefined => {
  const action = asked.get('Action') ?? '';
  const wrap = (body: string) => `<${action}Response>${body}</${action}Response>`;
  const result = (body: string) => wrap(`<${action}Result>${body}</${action}Result>`);
  if (action === 'DescribeImages') return wrap(`<imagesSet>${idsIn(asked).map(image).join('')}</imagesSet>`);
  if (action === 'AssumeRole') return result(SESSION);
  if (action === 'GetCallerIdentity') return result(CALLER);
  if (action === 'DescribeRegions')
    return wrap(
      '<regionInfo><item><regionName>us-east-1</regionName><optInStatus>opt-in-not-required</optInStatus></item></regionInfo>',
    );
  return undefined;
};

const refusal =
  '<Response><Errors><Error><Code>UnsupportedOperation</Code><Message>This account does nothing of the kind.</Message></Error></Errors><RequestID>0</RequestID></Response>';

type Reply = { status: number; type: string; body: string };

const queried = (body: string): Reply => {
  const answer = answerOf(new URLSearchParams(body));
  return { status: answer === undefined ? 400 : 200, type: 'text/xml', body: answer ?? refusal };
};

const json = (body: unknown): Reply => ({
  status: 200,
  type: 'application/x-amz-json-1.1',
  body: JSON.stringify(body),
});

/** Starts it; `build` is called for each build, and not waited for. */
export const startInstantCloud = async (build: (order: Order) => void) => {
  let builds = 0;
  const serve = async (request: IncomingMessage): Promise<Reply> => {
    const body = await text(request);
    const [, operation] = String(request.headers['x-amz-target'] ?? '').split('.');
    if (operation === undefined) return queried(body);
    if (operation === 'BatchGetBuilds')
      return json({
        builds: idsSchema.parse(JSON.parse(body)).ids.map((id) => ({ id, buildStatus: 'IN_PROGRESS' })),
      });
    if (operation !== 'StartBuild') return json({});
    builds += 1;
    const order = orderOf(body, builds);
    build(order);
    return json({ build: { id: order.buildId, buildStatus: 'IN_PROGRESS' } });
  };
  const server = createServer((request, response) => {
    serve(request).then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    builds: () => builds,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
