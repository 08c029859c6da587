/**
 * How much of a log is pushed to who watches it live. The store takes every line; a socket takes what people can read.
 * A bucket a run: it holds a long build's whole log, so that only a flood empties it, and then lets through what fills it.
 */

/** Lines that the bucket holds: as many as a run of 45 minutes says altogether. */
export const LIVE_BURST = 20_000;
/** Lines that come into it each second: more than anybody can read, and seven messages. */
export const LIVE_LINES_A_SECOND = 1000;

/** What is in the bucket, and since when: milliseconds since 1970. */
export type LiveBucket = { lines: number; at: number };

/**
 * Takes up to `wanted` lines out of the bucket; a bucket that nobody has seen is full. There is always one: who watches
 * learns from the newest line how many were left out before it, and where the log stands.
 */
export const drawLive = (
  bucket: LiveBucket | undefined,
  wanted: number,
  now: number,
): { drawn: number; bucket: LiveBucket } => {
  const passed = bucket === undefined ? 0 : Math.max(0, now - bucket.at) / 1000;
  const lines = Math.min(LIVE_BURST, (bucket?.lines ?? LIVE_BURST) + passed * LIVE_LINES_A_SECOND);
  const drawn = Math.min(wanted, Math.max(1, Math.floor(lines)));
  return { drawn, bucket: { lines: Math.max(0, lines - drawn), at: now } };
};
