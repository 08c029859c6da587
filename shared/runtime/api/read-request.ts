import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type * as z from 'zod';
import { MAX_BODY_BYTES, MAX_ERRORS } from '../../contracts/limits.ts';
import type { FieldError } from '../../contracts/problem.ts';
import type { Route } from '../../contracts/routes/route.ts';
import { pointerOf } from '../../domain/json-pointer.ts';
import { ApiProblem } from './problem.ts';
import { screenJson } from './screen-json.ts';

/** Largest body of a runner: 100,000 characters of log in 500 lines, where each may need six bytes in JSON. */
const MAX_AGENT_BODY_BYTES = 1_000_000;

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

/** Longest pointer, in characters. */
const MAX_POINTER = 500;

const segments = ({ pointer }: FieldError): number => pointer.split('/').length;

/** What an answer has room for: the outer fields first, for what is wrong inside often follows from them. */
const bounded = (errors: FieldError[]): FieldError[] => {
  const shown =
    errors.length <= MAX_ERRORS
      ? errors
      : errors.toSorted((a, b) => segments(a) - segments(b)).slice(0, MAX_ERRORS);
  return shown.map((error) =>
    error.pointer.length <= MAX_POINTER
      ? error
      : { ...error, pointer: `${error.pointer.slice(0, MAX_POINTER)}…` },
  );
};

const counted = ({ length }: FieldError[]): string => {
  const more = length > MAX_ERRORS ? `; the first ${MAX_ERRORS} are named` : '';
  return `${length} ${length === 1 ? 'field is' : 'fields are'} wrong${more}.`;
};

/** A 422 that names every wrong field of a body, at most 100 of them, and says how many there are. */
export const invalidBody = (errors: FieldError[]): ApiProblem =>
  new ApiProblem('invalid-body', counted(errors), { errors: bounded(errors) });

const header = (event: APIGatewayProxyEventV2, name: string): string | undefined => {
  const found = Object.entries(event.headers).find(([key]) => key.toLowerCase() === name);
  return found?.[1];
};

export { header };

type Sender = Pick<Route, 'method' | 'area'>;

const mediaTypesOf = ({ method }: Sender): string[] =>
  method === 'PATCH' ? ['application/merge-patch+json', 'application/json'] : ['application/json'];

/** A body without a type is taken for JSON: there is nothing else that it could be. Throws 415. */
const demandJson = (event: APIGatewayProxyEventV2, route: Sender): void => {
  const [type = '', ...parameters] = (header(event, 'content-type') ?? 'application/json')
    .toLowerCase()
    .split(';');
  const offered = mediaTypesOf(route);
  if (!offered.includes(type.trim()))
    throw new ApiProblem('unsupported-media-type', `Send ${offered.join(' or ')}.`);
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith('charset='));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset))
    throw new ApiProblem('unsupported-media-type', 'JSON is sent as UTF-8.');
  const coding = header(event, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (coding !== 'identity' && coding !== '')
    throw new ApiProblem('unsupported-media-type', 'Send the body as it is, without a Content-Encoding.');
};

/** The body as it came. Throws 413. */
const bodyBytes = (event: APIGatewayProxyEventV2, { area }: Sender): Buffer => {
  const most = area === 'agent' ? MAX_AGENT_BODY_BYTES : MAX_BODY_BYTES;
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > most)
    throw new ApiProblem('too-large', `The body has ${bytes.length} bytes; the most is ${most}.`);
  return bytes;
};

const parseJson = (bytes: Buffer): unknown => {
  try {
    // A byte order mark, as some editors and PowerShell write it, is passed over.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ApiProblem('not-json', 'The body cannot be read as JSON in UTF-8.');
  }
};

/**
 * The body as JSON; undefined when there is none. Of a key that stands in an object twice the last one counts, as
 * JSON's readers have it. Throws 415, 413, 400 in this order.
 */
export const jsonBody = (event: APIGatewayProxyEventV2, route: Sender): unknown => {
  if (event.body === undefined || event.body === '') return undefined;
  demandJson(event, route);
  return parseJson(bodyBytes(event, route));
};

/** The body in the shape of the route. Throws 422 that names every wrong field. */
export const checkBody = <T>(schema: z.ZodType<T>, body: unknown): T => {
  const { value, errors: unfit } = screenJson(body);
  const parsed = schema.safeParse(value);
  if (parsed.success && unfit.length === 0) return parsed.data;
  const errors = parsed.success ? [] : fieldErrors(parsed.error);
  const named = new Set(errors.map(({ pointer }) => pointer));
  throw invalidBody([...unfit.filter(({ pointer }) => !named.has(pointer)), ...errors]);
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
  const errors = fieldErrors(parsed.error, 'query');
  throw new ApiProblem('bad-query', counted(errors), { errors: bounded(errors) });
};

/** Longest idempotency key; a UUID has 36 characters. */
const MAX_KEY = 255;

/** The idempotency key of a POST; other methods are idempotent by themselves. Throws 400 for a key that is none. */
export const idempotencyKey = (event: APIGatewayProxyEventV2, { method }: Sender): string | undefined => {
  const key = method === 'POST' ? header(event, 'idempotency-key') : undefined;
  if (key === undefined || (key.length >= 1 && key.length <= MAX_KEY)) return key;
  const detail = `must have 1 to ${MAX_KEY} characters`;
  const errors = [{ pointer: 'header/idempotency-key', code: 'bad-key', detail }];
  throw new ApiProblem('bad-query', 'The idempotency key is not valid.', { errors });
};
