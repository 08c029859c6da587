import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { VmError } from './errors.ts';
import type { Fleet } from './fleet.ts';
import { vmSpecSchema } from './state-folder.ts';

const idSchema = { instanceId: vmSpecSchema.shape.instanceId, imageId: vmSpecSchema.shape.imageId };
const stopSchema = z.strictObject({ force: z.boolean().default(false) });
const diskSourceSchema = z.union([
  z.strictObject({ instanceId: idSchema.instanceId }),
  z.strictObject({ imageId: idSchema.imageId }),
]);
const keepSchema = z.strictObject({ instanceIds: z.array(z.string()), imageIds: z.array(z.string()) });

/** User data is at most 16 KB on EC2; the rest of a request is smaller than that. */
const maxBodyBytes = 256 * 1024;

type Handler = (fleet: Fleet, id: string, body: unknown) => Promise<unknown>;

const handlers: Record<string, Handler> = {
  'GET /vms': async (fleet) => fleet.list(),
  'GET /disks': async (fleet) => Object.fromEntries(await fleet.listDisks()),
  'POST /keep-only': async (fleet, _id, body) => {
    const { instanceIds, imageIds } = keepSchema.parse(body);
    await fleet.keepOnly(new Set(instanceIds), new Set(imageIds));
    return { vms: fleet.list(), disks: Object.fromEntries(await fleet.listDisks()) };
  },
  'POST /vms': (fleet, _id, body) => fleet.launch(vmSpecSchema.parse(body)),
  'POST /vms/{id}/start': (fleet, id) => fleet.start(idSchema.instanceId.parse(id)),
  'POST /vms/{id}/stop': (fleet, id, body) =>
    fleet.stop(idSchema.instanceId.parse(id), stopSchema.parse(body).force),
  'POST /vms/{id}/reboot': (fleet, id) => fleet.reboot(idSchema.instanceId.parse(id)),
  'DELETE /vms/{id}': (fleet, id) => fleet.terminate(idSchema.instanceId.parse(id)),
  'PUT /disks/{id}': (fleet, id, body) => {
    const source = diskSourceSchema.parse(body);
    const imageId = idSchema.imageId.parse(id);
    return 'instanceId' in source
      ? fleet.createImage(imageId, source.instanceId)
      : fleet.copyImage(imageId, source.imageId);
  },
  'DELETE /disks/{id}': (fleet, id) => fleet.deleteImage(idSchema.imageId.parse(id)),
};

/**
 * The manager's HTTP interface. Answers are JSON; a refusal is `{"error": {"code", "message"}}` with an EC2 error code.
 * @param health what GET /health tells beside `ok`
 */
export function createManagerServer(fleet: Fleet, health: Record<string, unknown>): Server {
  return createServer((request, response) => {
    // `respond` answers every failure itself.
    void respond(fleet, health, request, response);
  });
}

async function respond(
  fleet: Fleet,
  health: Record<string, unknown>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    send(response, 200, request.url === '/health' ? { ok: true, ...health } : await handle(fleet, request));
  } catch (error) {
    const refusal = toVmError(error);
    if (refusal.status >= 500) console.error(refusal);
    send(response, refusal.status, { error: { code: refusal.code, message: refusal.message } });
  }
}

async function handle(fleet: Fleet, request: IncomingMessage): Promise<unknown> {
  const [, collection = '', id = '', verb] = (request.url ?? '').split('/');
  const pattern = `/${collection}${id === '' ? '' : '/{id}'}${verb === undefined ? '' : `/${verb}`}`;
  const handler = handlers[`${request.method ?? ''} ${pattern}`];
  if (handler === undefined)
    throw new VmError('InvalidParameterValue', 404, `no such route: ${request.method ?? ''} ${pattern}`);
  return handler(fleet, id, await readBody(request));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > maxBodyBytes)
      throw new VmError('InvalidParameterValue', 413, 'the request is too large');
  }
  return text === '' ? {} : JSON.parse(text);
}

function toVmError(error: unknown): VmError {
  if (error instanceof VmError) return error;
  if (error instanceof z.ZodError) return new VmError('InvalidParameterValue', 400, z.prettifyError(error));
  if (error instanceof SyntaxError) return new VmError('InvalidParameterValue', 400, error.message);
  return new VmError('InsufficientInstanceCapacity', 500, String(error), { cause: error });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
}
