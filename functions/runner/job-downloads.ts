import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type BundleDownload, downloadKey } from '../../shared/contracts/bundle.ts';
import type { Patience } from './agent-client.ts';
import type { CallTools } from './http-call.ts';
import { BundleError } from './job-bundle.ts';

/** How often a file is asked for that was refused, or that is another one. A fault that may pass is waited out. */
const ATTEMPTS = 5;
/** First and longest mean of the waits before a file is begun anew. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;

/**
 * Fetches the uploaded files of a job into its folder, one after the other, never more of one in memory than a piece.
 * Throws BundleError for one that cannot be had or is not what its checksum says.
 */
export const fetchDownloads = async (
  tools: CallTools,
  root: string,
  job: { downloads: readonly BundleDownload[]; links: Record<string, string> },
  patience: Patience,
): Promise<void> => {
  for (const wanted of job.downloads) {
    const url = job.links[downloadKey(wanted)];
    if (url === undefined) throw new BundleError(`Nobody said where ${wanted.path} is fetched from.`);
    const target = path.resolve(root, wanted.path);
    if (!target.startsWith(root + path.sep))
      throw new BundleError(`A file leads out of the job: ${wanted.path}`);
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    await fetchOne(tools, { url, target, wanted }, patience);
  }
};

type Fetch = { url: string; target: string; wanted: BundleDownload };

const fetchOne = async (tools: CallTools, fetch: Fetch, { until, signal }: Patience): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    const fault = await attemptFetch(tools, fetch, signal);
    if (fault === undefined) return;
    await rm(fetch.target, { force: true });
    const isOver = !fault.mayPass && attempt >= ATTEMPTS;
    const wait = tools.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(attempt, 20));
    if (isOver || signal?.aborted === true || tools.clock.now() + wait >= until())
      throw new BundleError(`The file ${fetch.wanted.path} could not be fetched: ${fault.reason}.`);
    await tools.clock.sleep(wait, signal);
  }
};

/** Why a try failed, and whether waiting may help. */
type Fault = { reason: string; mayPass: boolean };

/** Why the file is not there as it should be; undefined when it is. The URL is signed: it appears in no message. */
const attemptFetch = async (
  tools: CallTools,
  { url, target, wanted }: Fetch,
  signal: AbortSignal | undefined,
): Promise<Fault | undefined> => {
  try {
    const response = await tools.send(url, signal === undefined ? {} : { signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      const mayPass = response.status >= 500 || response.status === 429;
      return { reason: `refused with status ${response.status}`, mayPass };
    }
    const measured = measuring(wanted.sizeBytes);
    // `wx` refuses what is there already, a link included.
    const file = createWriteStream(target, { flags: 'wx', mode: 0o600 });
    await pipeline(Readable.fromWeb(response.body), measured.through, file);
    if (measured.isExactly(wanted)) return undefined;
    return { reason: 'it is not what its checksum says', mayPass: false };
  } catch {
    return { reason: 'it broke off', mayPass: true };
  }
};

/** Measures what passes; ends it when it is more than was announced. */
const measuring = (most: number) => {
  const hash = createHash('sha256');
  let size = 0;
  const through = new Transform({
    transform(piece: Buffer, _encoding, done) {
      size += piece.length;
      hash.update(piece);
      done(size > most ? new Error('more than announced') : null, piece);
    },
  });
  return {
    through,
    isExactly: ({ sizeBytes, sha256 }: BundleDownload) => size === sizeBytes && hash.digest('hex') === sha256,
  };
};
