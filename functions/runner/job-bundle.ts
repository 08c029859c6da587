import type { ClaimAnswer } from '../../shared/contracts/agent-protocol.ts';
import { type JobBundle, jobBundleSchema } from '../../shared/contracts/bundle.ts';
import { sha256 } from '../../shared/domain/sha256.ts';
import type { Patience } from './agent-client.ts';
import type { CallTools } from './http-call.ts';

/** The bundle cannot be used; the text says why and is fit for the run's log. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
}

const ATTEMPT_MILLISECONDS = 60_000;
const LONGEST_WAIT = 10_000;

/**
 * Fetches the job's bundle and checks its checksum. Failures of the network and of the store are tried again until
 * `patience` ends; throws BundleError when it is refused, altered or not what the contract says.
 */
export const fetchBundle = async (
  tools: CallTools,
  bundle: ClaimAnswer['bundle'],
  patience: Patience,
): Promise<JobBundle> => {
  const bytes = await download(tools, bundle.url, patience);
  if (sha256(bytes) !== bundle.sha256.toLowerCase()) {
    throw new BundleError('The job bundle does not have the checksum that was announced.');
  }
  const parsed = jobBundleSchema.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  const fields = [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))].slice(0, 5);
  throw new BundleError(`The job bundle is not valid: ${fields.join(', ')}.`);
};

const download = async (tools: CallTools, url: string, { until, signal }: Patience): Promise<Buffer> => {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await attemptDownload(tools, url, signal);
    if (typeof answer !== 'string') return answer;
    const wait = tools.random() * Math.min(LONGEST_WAIT, 200 * 2 ** Math.min(attempt, 20));
    if (signal?.aborted === true || tools.clock.now() + wait >= until()) {
      throw new BundleError(`The job bundle could not be fetched: ${answer}.`);
    }
    await tools.clock.sleep(wait, signal);
  }
};

/** The bytes, or why there are none yet. The URL is signed: it appears in no message. */
const attemptDownload = async (
  tools: CallTools,
  url: string,
  signal?: AbortSignal,
): Promise<Buffer | string> => {
  const timeout = AbortSignal.timeout(ATTEMPT_MILLISECONDS);
  let response: Response;
  try {
    response = await tools.send(url, {
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    if (response.ok) return Buffer.from(await response.arrayBuffer());
    await response.body?.cancel();
  } catch {
    return 'no answer';
  }
  if (response.status >= 500 || response.status === 429) return `status ${response.status}`;
  throw new BundleError(`The job bundle could not be fetched: refused with status ${response.status}.`);
};

const parseJson = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
};
