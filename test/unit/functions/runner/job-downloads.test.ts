import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BundleError } from '../../../../functions/runner/job-bundle.ts';
import { fetchDownloads } from '../../../../functions/runner/job-downloads.ts';
import { claimAnswerSchema } from '../../../../shared/contracts/agent-protocol.ts';
import { type BundleDownload, downloadKey, jobBundleSchema } from '../../../../shared/contracts/bundle.ts';
import { bundleOf } from '../../../support/agent-api.ts';
import { createFastClock } from './fake-time.ts';

let root = '';
let server: Server | undefined;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'downloads-test-'));
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await rm(root, { recursive: true, force: true });
});

/** Larger than what a stream takes at once. */
const content = randomBytes(300_000);
const wanted = (fields: Partial<BundleDownload> = {}): BundleDownload => ({
  path: 'steps/001.sh',
  resourceId: 'res_1',
  version: 3,
  sizeBytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
  ...fields,
});

/** A store that answers each request as it is told, the last answer for all that follow. */
const startStore = async (...answers: RequestListener[]) => {
  const seen: { authorization: string | undefined; url: string | undefined }[] = [];
  server = createServer((request, response) => {
    const answer = answers[Math.min(seen.length, answers.length - 1)];
    seen.push({ authorization: request.headers.authorization, url: request.url });
    answer?.(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { url: `http://127.0.0.1:${port}/file?X-Amz-Signature=s3cr3t`, seen };
};

const serve: RequestListener = (_request, response) => void response.end(content);
const refuse =
  (status: number): RequestListener =>
  (_request, response) =>
    void response.writeHead(status).end('<Error/>');
const breakOff: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-length': content.length });
  response.write(content.subarray(0, 100_000), () => response.destroy());
};

/** Links to one file; the n-th renewal, from 1, gives another one. */
const linksTo = (url: string | undefined, download: BundleDownload, renewed: (count: number) => string) => {
  let count = 0;
  let link = url;
  return {
    now: () => ({
      bundle: { url: 'http://nowhere', sha256: '' },
      downloads: link === undefined ? {} : { [downloadKey(download)]: link },
    }),
    renew: async () => {
      count += 1;
      link = renewed(count);
    },
    renewals: () => count,
  };
};

const fetchWith = (
  url: string | undefined,
  download: BundleDownload = wanted(),
  {
    minutes = 60,
    signal,
    renewed = () => url ?? '',
  }: { minutes?: number; signal?: AbortSignal; renewed?: (count: number) => string } = {},
) => {
  const clock = createFastClock();
  const until = clock.now() + minutes * 60_000;
  const links = linksTo(url, download, renewed);
  const result = fetchDownloads(
    { send: fetch, clock, random: () => 0.5 },
    root,
    { downloads: [download], links },
    { until: () => until, ...(signal === undefined ? {} : { signal }) },
  );
  return { clock, result, links };
};
const written = () => readFile(path.join(root, 'steps/001.sh'));

describe('an uploaded file of a job (S91)', () => {
  it('is fetched into its folder for its user alone, without a token of ours', async () => {
    const { url, seen } = await startStore(serve);
    await fetchWith(url).result;
    expect((await written()).equals(content)).toBe(true);
    expect((await stat(path.join(root, 'steps/001.sh'))).mode & 0o777).toBe(0o600);
    expect((await stat(path.join(root, 'steps'))).mode & 0o777).toBe(0o700);
    expect(seen).toEqual([{ authorization: undefined, url: '/file?X-Amz-Signature=s3cr3t' }]);
  });

  it('is begun anew when it breaks off, is refused for a while or cannot be reached', async () => {
    const hangUp: RequestListener = (request) => void request.socket.destroy();
    const { url, seen } = await startStore(
      breakOff,
      refuse(503),
      hangUp,
      refuse(429),
      breakOff,
      hangUp,
      serve,
    );
    const { clock, result } = fetchWith(url);
    await result;
    expect(seen).toHaveLength(7);
    expect(clock.sleeps).toEqual([250, 500, 1000, 2000, 4000, 5000]);
    expect((await written()).equals(content)).toBe(true);
  });

  it('is given up when the time is over, and nothing of it stays', async () => {
    const { url } = await startStore(breakOff);
    const { result } = fetchWith(url, wanted(), { minutes: 1 });
    await expect(result).rejects.toThrow('The file steps/001.sh could not be fetched: it broke off.');
    expect(await readdir(path.join(root, 'steps'))).toEqual([]);
  });

  it('is fetched by a new link once the old one has expired, however long its store was away (S65)', async () => {
    const away = Array.from({ length: 800 }, () => refuse(503));
    const byLink: RequestListener = (request, response) =>
      request.url === '/file?link=2' ? serve(request, response) : refuse(403)(request, response);
    const { url, seen } = await startStore(...away, byLink);
    const renewed = (count: number) => new URL(`/file?link=${count}`, url).href;
    const { clock, result, links } = fetchWith(url, wanted(), { minutes: 120, renewed });
    const begun = clock.now();
    await result;
    expect(clock.now() - begun).toBeGreaterThan(3_600_000);
    expect(links.renewals()).toBe(2);
    expect(seen.map((each) => each.url).slice(-3)).toEqual([
      '/file?X-Amz-Signature=s3cr3t',
      '/file?link=1',
      '/file?link=2',
    ]);
    expect((await written()).equals(content)).toBe(true);
  });

  it.each([403, 404])('that is refused with %i is asked for five times', async (status) => {
    const { url, seen } = await startStore(refuse(status));
    const { result } = fetchWith(url);
    await expect(result).rejects.toThrow(`could not be fetched: refused with status ${status}.`);
    await expect(result).rejects.not.toThrow(/s3cr3t|127\.0\.0\.1/);
    expect(seen).toHaveLength(5);
  });

  const others: [string, Buffer][] = [
    ['other bytes', randomBytes(content.length)],
    ['fewer bytes', content.subarray(1)],
    ['more bytes', Buffer.concat([content, content])],
    ['no bytes', Buffer.alloc(0)],
  ];
  it.each(others)('with %s than were announced is refused, and nothing of it stays', async (_, bytes) => {
    const { url, seen } = await startStore((_request, response) => void response.end(bytes));
    const { result } = fetchWith(url);
    await expect(result).rejects.toThrow('it is not what its checksum says');
    await expect(result).rejects.toBeInstanceOf(BundleError);
    expect(seen).toHaveLength(5);
    expect(await readdir(path.join(root, 'steps'))).toEqual([]);
  });

  it('that never ends is not taken in whole', async () => {
    let sent = 0;
    const { url } = await startStore((request, response) => {
      const more = () => {
        sent += content.length;
        if (!response.destroyed) response.write(content, more);
      };
      request.socket.on('error', () => undefined);
      more();
    });
    await expect(fetchWith(url).result).rejects.toThrow('it is not what its checksum says');
    expect(sent).toBeLessThan(100 * content.length);
  });

  it('is not fetched any more once the run is stopped', async () => {
    const stop = new AbortController();
    const { url, seen } = await startStore((_request, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 1000), () => stop.abort());
    });
    await expect(fetchWith(url, wanted(), { signal: stop.signal }).result).rejects.toThrow(BundleError);
    expect(seen).toHaveLength(1);
    expect(await readdir(path.join(root, 'steps'))).toEqual([]);
  });

  it('is not waited for beyond the end of the run, however slowly it comes', async () => {
    const { url } = await startStore((_request, response) => void response.write(content.subarray(0, 10)));
    await expect(fetchWith(url, wanted(), { minutes: 0.001 }).result).rejects.toThrow('it broke off');
  });

  it('must have a place that it is fetched from', async () => {
    await expect(fetchWith(undefined).result).rejects.toThrow(
      'Nobody said where steps/001.sh is fetched from.',
    );
  });

  it.each(['../evil', '/etc/evil', 'a/../../evil', '..', '.', ''])('is not written to %j', async (place) => {
    const { url, seen } = await startStore(serve);
    await expect(fetchWith(url, wanted({ path: place })).result).rejects.toThrow('leads out of the job');
    expect(seen).toEqual([]);
  });

  it('takes the place of no file and no link', async () => {
    const { url } = await startStore(serve);
    await mkdir(path.join(root, 'steps'));
    await writeFile(path.join(root, 'image.pkr.json'), 'template');
    await symlink(path.join(root, 'image.pkr.json'), path.join(root, 'steps/001.sh'));
    await symlink(path.join(root, 'outside'), path.join(root, 'steps/002.sh'));
    for (const place of ['image.pkr.json', 'steps/001.sh', 'steps/002.sh'])
      await expect(fetchWith(url, wanted({ path: place })).result).rejects.toThrow(`there twice: ${place}`);
    expect(await readFile(path.join(root, 'image.pkr.json'), 'utf8')).toBe('template');
    expect(await readdir(root)).toEqual(['image.pkr.json', 'steps']);
  });

  it('that cannot be written is told at once, with what the machine says', async () => {
    const { url, seen } = await startStore(serve);
    const long = `steps/${'x'.repeat(300)}`;
    await expect(fetchWith(url, wanted({ path: long })).result).rejects.toThrow(
      'could not be written: ENAMETOOLONG.',
    );
    expect(seen).toHaveLength(1);
  });

  it('that is used twice is fetched for both places', async () => {
    const { url } = await startStore(serve);
    const downloads = [wanted(), wanted({ path: 'unattended/user-data' })];
    const clock = createFastClock();
    const patience = { until: () => clock.now() + 60_000 };
    const links = linksTo(url, wanted(), () => url);
    await fetchDownloads({ send: fetch, clock, random: () => 0.5 }, root, { downloads, links }, patience);
    expect((await readFile(path.join(root, 'unattended/user-data'))).equals(content)).toBe(true);
  });
});

describe('a job of an earlier release', () => {
  it('has no uploaded files, and neither its claim nor its bundle says so', () => {
    const { downloads, ...bundle } = bundleOf({});
    expect(jobBundleSchema.parse(bundle)).toMatchObject({ downloads });
    const answer = claimAnswerSchema.parse({
      leaseToken: 't',
      nextSeq: 1,
      heartbeatSeconds: 10,
      chunkIntervalMilliseconds: 500,
      stop: false,
      deadlineAt: '2026-01-01T00:00:00.000Z',
      bundle: { url: 'http://store', sha256: 'a' },
      variables: {},
      redact: [],
      credentials: 'none',
    });
    expect(answer.downloads).toEqual({});
  });
});
