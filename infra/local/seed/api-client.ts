/** A small client of Goldsmith's own HTTP API. Answers are checked against the contract. */
import { z } from 'zod';

const problemSchema = z.looseObject({
  code: z.string(),
  detail: z.string().optional(),
  title: z.string().optional(),
  errors: z.array(z.looseObject({ pointer: z.string(), detail: z.string() })).optional(),
});

/** A request that the API refused: its status and its own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(request: string, status: number, body: string) {
    super(`${request} was answered with ${status}: ${explain(body)}`);
    this.status = status;
  }
}

function explain(body: string): string {
  const problem = problemSchema.safeParse(parseJson(body));
  if (!problem.success) return body.slice(0, 500);
  const { code, detail, title, errors = [] } = problem.data;
  return [
    `${code}: ${detail ?? title ?? ''}`,
    ...errors.map((each) => `${each.pointer} ${each.detail}`),
  ].join('; ');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Longer than any answer may take: API Gateway gives up after 30 s. */
const TIMEOUT_MS = 35_000;

/** Talks to the API as one user. */
export class ApiClient {
  readonly #apiUrl: string;
  readonly #token: string;

  /**
   * @param apiUrl base address without `/v1`
   * @param token a user's access token or an API token
   */
  constructor(apiUrl: string, token: string) {
    this.#apiUrl = apiUrl;
    this.#token = token;
  }

  /** Reads. @throws ApiError when the API refuses, Error when the answer is not what the contract says */
  get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return this.#request('GET', path, undefined, schema);
  }

  /** Creates or acts. @throws as `get` */
  post<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
    return this.#request('POST', path, body, schema);
  }

  async #request<T>(method: string, path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
    const response = await fetch(`${this.#apiUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new ApiError(`${method} ${path}`, response.status, text);
    const answer = schema.safeParse(parseJson(text));
    if (answer.success) return answer.data;
    throw new Error(
      `${method} ${path} was not answered as the contract says:\n${z.prettifyError(answer.error)}`,
    );
  }
}
