import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type BundleDownload, downloadKey } from '../../shared/contracts/bundle.ts';
import type { Patience } from './agent-client.ts';
import type { CallTools } from './http-call.ts';
import { BundleError } from './job-bundle.ts';
import { type Links, REFUSALS, waitBeforeRetry } from './job-links.ts';

/**
 * Fetches the uploaded files of a job into its folder, one after the other, never more of one in memory than a piece.
 * Throws BundleError for one that cannot be had or written, or is not what its checksum says.
 */
export const fetchDownloads = async (
  tools: CallTools,
  root: string,
  job: { downloads: readonly BundleDownload[]; links: Links },
  patience: Patience,
): Promise<void> => {
  for (const wanted of job.downloads) {
    const target = path.resolve(root, wanted.path);
    if (!target.startsWith(root + path.sep))
      throw new BundleError(`A file leads out of the job: ${wanted.path}`);
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    // What is there already is no try of ours, a link included.
    if (await isThere(target)) throw new BundleError(`A file is there twice: ${wanted.path}`);
    await fetchOne(tools, { target, wanted, links: job.links }, patience);
  }
};

const isThere = (target: string): Promise<boolean> =>
  lstat(target).then(
    () => true,
    () => false,
  );

type Fetch = { target: string; wanted: BundleDownload; links: Links };

/** A fault that may pass is waited out; a file that is refused, or another one, is asked for a few times. */
const fetchOne = async (tools: CallTools, fetch: Fetch, patience: Patience): Promise<void> => {
  const { until, signal } = patience;
  let lasting = 0;
  for (let attempt = 0; ; attempt += 1) {
    const fault = await attemptFetch(tools, fetch, patience);
    if (fault === undefined) return;
    await rm(fetch.target, { force: true });
    if (!fault.mayPass) lasting += 1;
    const left = until() - tools.clock.now();
    if (lasting >= REFUSALS || signal?.aborted === true || left <= 0)
      throw new BundleError(`The file ${fetch.wanted.path} could not be fetched: ${fault.reason}.`);
    await tools.clock.sleep(Math.min(waitBeforeRetry(tools.random, attempt), left), signal);
    if (fault.isRefusal) await fetch.links.renew();
  }
};

/** Why a try failed, whether waiting may help, and whether another link may. */
type Fault = { reason: string; mayPass: boolean; isRefusal: boolean };

/** Ends a try when the time for all of them is over, or when the run is stopped. */
const endOf = ({ until, signal }: Patience, now: number): AbortSignal => {
  // A timer holds 24 days at most.
  const over = AbortSignal.timeout(Math.min(2 ** 31 - 1, Math.max(0, Math.ceil(until() - now))));
  return signal === undefined ? over : AbortSignal.any([signal, over]);
};

/** Why the file is not there as it should be; undefined when it is. The URL is signed: it appears in no message. */
const attemptFetch = async (
  tools: CallTools,
  { target, wanted, links }: Fetch,
  patience: Patience,
): Promise<Fault | undefined> => {
  const url = links.now().downloads[downloadKey(wanted)];
  if (url === undefined) throw new BundleError(`Nobody said where ${wanted.path} is fetched from.`);
  const measured = measuring(wanted.sizeBytes);
  try {
    const response = await tools.send(url, { signal: endOf(patience, tools.clock.now()) });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      const mayPass = response.status >= 500 || response.status === 429;
      return { reason: `refused with status ${response.status}`, mayPass, isRefusal: !mayPass };
    }
    const file = createWriteStream(target, { flags: 'wx', mode: 0o600 });
    await pipeline(Readable.fromWeb(response.body), measured.through, file);
  } catch (error) {
    const disk = codeOfDisk(error);
    if (disk !== undefined) throw new BundleError(`The file ${wanted.path} could not be written: ${disk}.`);
    if (!measured.isTooMuch()) return { reason: 'it broke off', mayPass: true, isRefusal: false };
  }
  return measured.isExactly(wanted)
    ? undefined
    : { reason: 'it is not what its checksum says', mayPass: false, isRefusal: false };
};

/** What the machine itself says of a file that it cannot write; undefined of a fault on the way to it. */
const codeOfDisk = (error: unknown): string | undefined => {
  const isOfFile = error instanceof Error && 'path' in error && 'code' in error;
  const isOfWriting = error instanceof Error && 'syscall' in error && error.syscall === 'write';
  return (isOfFile || isOfWriting) && 'code' in error ? String(error.code) : undefined;
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
    isTooMuch: () => size > most,
    isExactly: ({ sizeBytes, sha256 }: BundleDownload) => size === sizeBytes && hash.digest('hex') === sha256,
  };
};
