import { type JobBundle, jobBundleSchema } from '../../shared/contracts/bundle.ts';
import { sha256 } from '../../shared/domain/sha256.ts';
import type { Patience } from './agent-client.ts';
import type { CallTools } from './http-call.ts';
import { type Links, REFUSALS, waitBeforeRetry } from './job-links.ts';

/** The bundle cannot be used; the text says why and is fit for the run's log. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
}

const ATTEMPT_MILLISECONDS = 60_000;

/**
 * Fetches the job's bundle and checks its checksum. Failures of the network and of the store are tried again until
 * `patience` ends, and a refusal a few times with a new link; throws BundleError when it stays refused, is altered or
 * not what the contract says.
 */
export const fetchBundle = async (tools: CallTools, links: Links, patience: Patience): Promise<JobBundle> => {
  const bytes = await download(tools, links, patience);
  if (sha256(bytes) !== links.now().bundle.sha256.toLowerCase()) {
    throw new BundleError('The job bundle does not have the checksum that was announced.');
  }
  const parsed = jobBundleSchema.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  const fields = [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))].slice(0, 5);
  throw new BundleError(`The job bundle is not valid: ${fields.join(', ')}.`);
};

const download = async (tools: CallTools, links: Links, { until, signal }: Patience): Promise<Buffer> => {
  let refusals = 0;
  for (let attempt = 0; ; attempt += 1) {
    const answer = await attemptDownload(tools, links.now().bundle.url, signal);
    if (!('reason' in answer)) return answer;
    if (answer.isRefusal) refusals += 1;
    const left = until() - tools.clock.now();
    if (refusals >= REFUSALS || signal?.aborted === true || left <= 0) {
      throw new BundleError(`The job bundle could not be fetched: ${answer.reason}.`);
    }
    await tools.clock.sleep(Math.min(waitBeforeRetry(tools.random, attempt), left), signal);
    if (answer.isRefusal) await links.renew();
  }
};

/** Why there are no bytes yet. */
type Fault = { reason: string; isRefusal: boolean };

/** The URL is signed: it appears in no message. */
const attemptDownload = async (
  tools: CallTools,
  url: string,
  signal?: AbortSignal,
): Promise<Buffer | Fault> => {
  const timeout = AbortSignal.timeout(ATTEMPT_MILLISECONDS);
  try {
    const response = await tools.send(url, {
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    if (response.ok) return Buffer.from(await response.arrayBuffer());
    await response.body?.cancel();
    return faultOf(response.status);
  } catch {
    return { reason: 'no answer', isRefusal: false };
  }
};

const faultOf = (status: number): Fault =>
  status >= 500 || status === 429
    ? { reason: `status ${status}`, isRefusal: false }
    : { reason: `refused with status ${status}`, isRefusal: true };

const parseJson = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
};
