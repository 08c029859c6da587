import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { problemSchema } from '../../shared/contracts/problem.ts';
import {
  builderBody,
  definitionBody,
  groupBody,
  operatingSystemBody,
  roleBody,
  roleConnectionBody,
  shellBody,
} from '../support/bodies.ts';
import { localStack } from '../support/e2e-client.ts';
import { idOf, makePerson } from './person.ts';

/** The API as any client sees it: every header and status in the hand of the test. */

export type Asked = {
  token?: string | undefined;
  headers?: Record<string, string>;
  body?: unknown;
  /** The body as it is, whatever it is. */
  raw?: string;
};
export type Answered = { status: number; headers: Headers; body: unknown; text: string };

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

export const call = async (method: string, path: string, asked: Asked = {}): Promise<Answered> => {
  const { apiUrl, token } = localStack();
  const bearer = 'token' in asked ? asked.token : token;
  const body = asked.raw ?? (asked.body === undefined ? undefined : JSON.stringify(asked.body));
  const answer = await fetch(`${apiUrl}${path}`, {
    method,
    headers: {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...asked.headers,
    },
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: parsed(text), text };
};

/** The problem of a refusal; fails the test when the answer is none. */
export const problem = ({ status, headers, body }: Answered) => {
  const document = problemSchema.parse(body);
  if (headers.get('content-type') !== 'application/problem+json' || document.status !== status)
    throw new Error(`no problem: ${status} ${headers.get('content-type')}`);
  return document;
};

const idSchema = z.looseObject({ id: z.string() });
export const itemsSchema = z.object({
  items: z.array(z.looseObject({ id: z.string(), name: z.string() })),
  nextCursor: z.string().optional(),
});

/** One person makes 100 workspaces at most, and all the tests together make more: then somebody else does, who leaves. */
const makeThroughFounder = async (body: object): Promise<unknown> => {
  const founder = await makePerson();
  const made = await call('POST', '/v1/workspaces', { token: founder.token, body });
  const members = `/v1/workspaces/${idSchema.parse(made.body).id}/members`;
  const owner = await idOf(localStack().token);
  await call('PUT', `${members}/${owner}`, { token: founder.token, body: { role: 'owner' } });
  await call('DELETE', `${members}/${founder.id}`);
  return made.body;
};

/** A workspace of its own, and its routes; `owner` makes it and calls them, unless a call says who does. */
export const makeWorkspace = async (fields: object = {}, owner: Pick<Asked, 'token'> = {}) => {
  const name = `test ${randomBytes(6).toString('hex')}`;
  const made = await call('POST', '/v1/workspaces', { ...owner, body: { name, ...fields } });
  const isFull = made.status === 409 && owner.token === undefined;
  const { id } = idSchema.parse(isFull ? await makeThroughFounder({ name, ...fields }) : made.body);
  const base = `/v1/workspaces/${id}`;
  const at = (method: string, path: string, asked?: Asked) =>
    call(method, `${base}${path}`, { ...owner, ...asked });
  /** Creates and answers the id; throws with the problem when it is refused. */
  const create = async (path: string, body: unknown): Promise<string> => {
    const answer = await at('POST', path, { body });
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.text}`);
    return idSchema.parse(answer.body).id;
  };
  const list = async (path: string) => itemsSchema.parse((await at('GET', path)).body);
  const token = async (role: string, name = `robot ${role}`): Promise<string> => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const answer = await at('POST', '/api-tokens', { body: { name, role, expiresAt } });
    return z.object({ secret: z.string() }).parse(answer.body).secret;
  };
  return { id, base, at, create, list, token };
};
export type TestWorkspace = Awaited<ReturnType<typeof makeWorkspace>>;

/** A role that the stand-in of the customer's account lets in. */
const roleArn = 'arn:aws:iam::123456789012:role/goldsmith-builder';
/** An image that no account has. */
export const MISSING_AMI = 'ami-0badbadbadbadbad0';

/** All that a definition is made of, and the definition: its runs fail in Prepare, because there is no such AMI. */
export const makeDefinition = async (
  workspace: TestWorkspace,
  fields: { os?: object; builder?: object; provisioners?: object[]; definition?: object } = {},
) => {
  const mark = randomBytes(3).toString('hex');
  const named = (body: object) => ({
    ...body,
    name: 'name' in body && typeof body.name === 'string' ? `${body.name} ${mark}` : mark,
  });
  const { region } = localStack();
  const settings = { region, auth: { type: 'role', roleArn } };
  const connectionId = await workspace.create('/connections', named(roleConnectionBody({ settings })));
  const [image] = operatingSystemBody().images;
  const access = image?.access;
  const images = [{ type: 'aws-ami', amiId: MISSING_AMI, access }];
  const operatingSystemId = await workspace.create(
    '/operating-systems',
    named(operatingSystemBody({ images, ...fields.os })),
  );
  const builderSettings = { instanceType: 't3.micro', region };
  const builder = builderBody(connectionId, { settings: builderSettings, ...fields.builder });
  const builderConfigurationId = await workspace.create('/builder-configurations', named(builder));
  const provisionerIds = [];
  for (const body of fields.provisioners ?? [shellBody()]) {
    provisionerIds.push(await workspace.create('/provisioners', named(body)));
  }
  const groupId = await workspace.create('/provisioner-groups', named(groupBody(provisionerIds)));
  const provisionerRoleId = await workspace.create('/provisioner-roles', named(roleBody([groupId])));
  const parts = { operatingSystemId, builderConfigurationId, provisionerRoleId };
  const name = `Test-${mark}`;
  const id = await workspace.create(
    '/image-definitions',
    definitionBody(parts, { name, ...fields.definition }),
  );
  return { id, name, parts, connectionId, provisionerIds, groupId };
};
