import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type * as z from 'zod';
import type { FieldError } from '../../contracts/problem.ts';
import { ApiProblem } from './problem.ts';

/** Largest body, in bytes: a script of 200,000 characters and its JSON escapes fit. */
const MAX_BODY_BYTES = 1_000_000;

const pointerOf = (path: PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** Of a wrong key its own reason; zod itself only says that a key is wrong. */
const detailOf = (issue: z.core.$ZodIssue): string =>
  (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue.message;

/** Each issue of zod as a wrong field; unknown keys are named one by one. */
export const fieldErrors = (error: z.ZodError, place: 'body' | 'query' = 'body'): FieldError[] =>
  error.issues.flatMap((issue) => {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [undefined];
    return keys.map((key) => {
      const path = pointerOf(key === undefined ? issue.path : [...issue.path, key]);
      return {
        pointer: place === 'query' ? `query${path}` : path,
        code: key === undefined ? issue.code : 'unknown-field',
        detail: key === undefined ? detailOf(issue) : 'is unknown or read-only',
      };
    });
  });

const header = (event: APIGatewayProxyEventV2, name: string): string | undefined => {
  const found = Object.entries(event.headers).find(([key]) => key.toLowerCase() === name);
  return found?.[1];
};

export { header };

/** Bytes of the body as text. Throws 413. */
export const bodyText = (event: APIGatewayProxyEventV2): string => {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES)
    throw new ApiProblem('too-large', `The most is ${MAX_BODY_BYTES} bytes.`);
  return bytes.toString('utf8');
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiProblem('not-json', 'The body cannot be read as JSON.');
  }
};

/** The body as JSON; undefined when there is none. Throws 415, 413, 400 in this order. */
export const jsonBody = (event: APIGatewayProxyEventV2): unknown => {
  const type = header(event, 'content-type');
  const empty = event.body === undefined || event.body === '';
  if (!empty && type !== undefined && !/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new ApiProblem('unsupported-media-type', 'Send application/json.');
  }
  const text = bodyText(event);
  return text === '' ? undefined : parseJson(text);
};

/** The body in the shape of the route. Throws 422 that names every wrong field. */
export const checkBody = <T>(schema: z.ZodType<T>, body: unknown): T => {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error);
  throw new ApiProblem('invalid-body', `${errors.length} field(s) are wrong.`, { errors });
};

/** The query in the shape of the route; a parameter given twice is a list. Throws 400. */
export const checkQuery = <T>(schema: z.ZodType<T>, rawQuery: string): T => {
  const given = new URLSearchParams(rawQuery);
  const query = Object.fromEntries(
    [...new Set(given.keys())].map((key) => {
      const values = given.getAll(key);
      return [key, values.length > 1 ? values : values[0]];
    }),
  );
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  throw new ApiProblem('bad-query', 'The query is not valid.', {
    errors: fieldErrors(parsed.error, 'query'),
  });
};
