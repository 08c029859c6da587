import type { CloudAnswer } from '../cloud.ts';

/** An answer that is an error. */
export class ApiError extends Error {
  readonly answer: CloudAnswer;
  constructor(answer: CloudAnswer, message: string) {
    super(message);
    this.answer = answer;
  }
}

/**
 * Errors of Compute Engine, in the form of its REST reference ("Method: instances.get") and of the example in
 * "Troubleshooting API errors": `error.code`, `error.message`, `error.errors[].reason`.
 */
export const apiError = (status: number, reason: string, message: string): ApiError =>
  new ApiError(
    {
      status,
      body: { error: { code: status, message, errors: [{ message, domain: 'global', reason }] } },
    },
    message,
  );

export const notFound = (resource: string): ApiError =>
  apiError(404, 'notFound', `The resource '${resource}' was not found`);

export const forbidden = (permission: string, resource: string): ApiError =>
  apiError(403, 'forbidden', `Required '${permission}' permission for '${resource}'`);

export const alreadyExists = (resource: string): ApiError =>
  apiError(409, 'alreadyExists', `The resource '${resource}' already exists`);

/** Errors of the other services, in the form of google.rpc.Status ("API design guide", Errors). */
export const statusError = (code: number, status: string, message: string): ApiError =>
  new ApiError({ status: code, body: { error: { code, message, status } } }, message);

/** Errors of OAuth 2.0 (RFC 6749, section 5.2; Google, "Using OAuth 2.0 for Server to Server Applications"). */
export const grantError = (description: string): ApiError =>
  new ApiError(
    { status: 400, body: { error: 'invalid_grant', error_description: description } },
    description,
  );
