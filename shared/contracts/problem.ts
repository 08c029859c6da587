import * as z from 'zod';

/** Every error code of the API with its HTTP status and title: one fixed table, no text of a caught error leaves. */
export const problemCodes = {
  'no-token': { status: 401, title: 'A bearer token is needed' },
  'bad-token': { status: 401, title: 'The bearer token is not valid' },
  'not-found': { status: 404, title: 'There is no such thing here' },
  'method-not-allowed': { status: 405, title: 'This path has no such method' },
  'role-too-small': { status: 403, title: 'Your role does not allow this' },
  'unsupported-media-type': { status: 415, title: 'The body must be JSON' },
  'too-large': { status: 413, title: 'The body is too large' },
  'not-json': { status: 400, title: 'The body is not JSON' },
  'bad-query': { status: 400, title: 'The query is not valid' },
  'invalid-body': { status: 422, title: 'The body is not valid' },
  'rule-broken': { status: 422, title: 'The request breaks a rule' },
  'cannot-start': { status: 422, title: 'The run cannot start' },
  'precondition-failed': { status: 412, title: 'The entity has changed since' },
  'name-taken': { status: 409, title: 'The name is taken' },
  'in-use': { status: 409, title: 'It is in use' },
  'last-owner': { status: 409, title: 'The workspace needs an owner' },
  'already-finished': { status: 409, title: 'The run has already finished' },
  'still-active': { status: 409, title: 'A run has not finished yet' },
  'vm-access-given': { status: 409, title: 'The login of the build VM was told before' },
  'no-vm-access': { status: 409, title: 'The run has no build VM to log in to' },
  'already-answered': { status: 409, title: 'The first answer held a secret and is not repeated' },
  'upload-differs': { status: 422, title: 'What was uploaded is not what was announced' },
  'upload-expired': { status: 409, title: 'The upload was not completed within a day' },
  'not-shareable': { status: 422, title: 'The image cannot be shared like this' },
  'image-gone': { status: 409, title: 'The image is not there any more' },
  'connection-gone': { status: 409, title: 'The connection that the image was made with is gone' },
  'platform-refused': { status: 409, title: 'The platform did not do it' },
  'idempotency-mismatch': { status: 422, title: 'The idempotency key was used with another body' },
  'limit-reached': { status: 409, title: 'The workspace holds as many of these as it may' },
  'lease-lost': { status: 409, title: 'The lease belongs to another runner or has ended' },
  'out-of-order': { status: 409, title: 'The chunk does not follow the last one' },
  busy: { status: 429, title: 'Too many changes at once, try again' },
  internal: { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<string, { status: number; title: string }>;
export type ProblemCode = keyof typeof problemCodes;

/** One wrong field. `pointer` is a JSON Pointer into the body, or `query/…`, `header/…`. */
export const fieldErrorSchema = z.object({ pointer: z.string(), code: z.string(), detail: z.string() });
export type FieldError = z.infer<typeof fieldErrorSchema>;

/** RFC 9457 problem. `type` is a stable URI, `code` a stable word, `instance` the request's id. */
export const problemSchema = z
  .object({
    type: z.string(),
    code: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    errors: z.array(fieldErrorSchema).optional(),
    usedBy: z.array(z.object({ kind: z.string(), id: z.string(), name: z.string() })).optional(),
    usedByCount: z.int().optional(),
    expectedSeq: z.int().optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;
