import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createAgentClient } from '../../../../functions/runner/agent-client.ts';
import { LeaseLostError } from '../../../../functions/runner/agent-errors.ts';
import { type Clock, systemClock } from '../../../../functions/runner/clock.ts';
import { createLineQueue } from '../../../../functions/runner/line-queue.ts';
import { createLogShipper } from '../../../../functions/runner/log-shipper.ts';
import { createProgressOutbox } from '../../../../functions/runner/progress-outbox.ts';
import { MAX_CHUNK_CHARACTERS, MAX_CHUNK_LINES } from '../../../../shared/contracts/agent-protocol.ts';
import type { UnnumberedLine } from '../../../../shared/contracts/entities/log.ts';
import {
  type AgentApi,
  type AgentApiOptions,
  bundleOf,
  type Fault,
  startAgentApi,
} from '../../../support/agent-api.ts';
import { createFastClock } from './fake-time.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'shipper-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});
let files = 0;

const line = (text: string): UnnumberedLine => ({
  ts: '2026-01-01T00:00:00.000Z',
  step: null,
  stream: 'stdout',
  level: 'info',
  text,
});

const start = async (
  fault: AgentApiOptions['fault'] = () => undefined,
  { clock = createFastClock(), memoryLines = 2000, nextSeq = 1, interval = 10 }: Partial<StartOptions> = {},
) => {
  const api = await startAgentApi({ bundle: bundleOf({}), claim: { nextSeq }, fault });
  const address = {
    apiUrl: api.url,
    workspaceId: api.environment['GOLDSMITH_WORKSPACE_ID'] ?? '',
    runId: api.environment['GOLDSMITH_RUN_ID'] ?? '',
  };
  const queue = createLineQueue(path.join(folder, `spill-${(files += 1)}`), memoryLines);
  const outbox = createProgressOutbox();
  const failures: unknown[] = [];
  const heard: boolean[] = [];
  const shipper = createLogShipper({
    client: createAgentClient({ send: fetch, clock, random: () => 0.5 }, address, (call) =>
      call(api.leaseToken),
    ),
    queue,
    outbox,
    clock,
    firstSeq: nextSeq,
    intervalMilliseconds: interval,
    until: () => Date.parse('2030-01-01T00:00:00Z'),
    onStanding: ({ stop }) => heard.push(stop),
    onFailure: (error) => failures.push(error),
  });
  open.push(api.close, queue.close);
  return { api, shipper, outbox, failures, heard, queue };
};
type StartOptions = { clock: Clock; memoryLines: number; nextSeq: number; interval: number };

const textsOf = (api: AgentApi) => api.state.lines.map((each) => each?.text ?? null);

describe('shipping log lines', () => {
  const faultKind: fc.Arbitrary<Fault | undefined> = fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    fc.record({
      kind: fc.constant('status' as const),
      status: fc.constantFrom(429, 500, 503),
      applied: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('drop' as const), applied: fc.boolean() }),
    fc.constant({ kind: 'twice' as const }),
    fc.constant({ kind: 'garbage' as const }),
    fc.record({ kind: fc.constant('delay' as const), milliseconds: fc.nat(3) }),
  );

  it('brings every line exactly once and in order, whatever goes wrong (S70, S74)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(faultKind, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 50 }),
        async (faults, batches, nextSeq) => {
          const { api, shipper } = await start((_verb, count) => faults[count - 1], {
            memoryLines: 50,
            nextSeq,
          });
          const texts: string[] = [];
          for (const size of batches) {
            for (let each = 0; each < size; each += 1) {
              texts.push(`line ${texts.length}`);
              shipper.append(line(`line ${texts.length - 1}`));
            }
            await new Promise(setImmediate);
          }
          await shipper.drain();

          expect(textsOf(api)).toEqual(texts);
          expect(shipper.lastSeq()).toBe(nextSeq + texts.length - 1);
          expect(api.state.lines.every((each, at) => each?.seq === nextSeq + at)).toBe(true);
          expect(api.state.chunksInFlight.most).toBe(1);
          await api.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('loses no line of its own when somebody else writes in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ own: fc.integer({ min: 1, max: 5 }), foreign: fc.nat(3) }), { maxLength: 10 }),
        async (rounds) => {
          const { api, shipper } = await start();
          const texts: string[] = [];
          for (const { own, foreign } of rounds) {
            api.writeForeignLines(foreign);
            for (let each = 0; each < own; each += 1) {
              texts.push(`line ${texts.length}`);
              shipper.append(line(`line ${texts.length - 1}`));
            }
            await shipper.drain();
          }
          expect(textsOf(api).filter((text) => text !== null)).toEqual(texts);
          expect(api.state.lines.every((each, at) => each === null || each.seq === 1 + at)).toBe(true);
          await api.close();
        },
      ),
      { numRuns: 30 },
    );
  });

  it('knows the numbers of its lines, also of those that were numbered anew', async () => {
    const { api, shipper } = await start();
    const first = shipper.append(line('a'));
    await shipper.drain();
    api.writeForeignLines(5);
    const second = shipper.append(line('b'));
    await shipper.drain();
    expect([shipper.seqOf(first), shipper.seqOf(second), shipper.lastSeq()]).toEqual([1, 7, 7]);
  });

  it('sends the first line at once and then waits for the interval', async () => {
    const clock = createFastClock();
    const { api, shipper } = await start(undefined, { clock, interval: 250 });
    shipper.append(line('a'));
    shipper.append(line('b'));
    await api.until(({ chunks }) => chunks.length === 1);
    await shipper.drain();
    expect(clock.sleeps).toEqual([]);
    shipper.append(line('c'));
    await shipper.drain();
    expect(clock.sleeps).toEqual([250]);
    expect(api.state.chunks.map((chunk) => chunk.map(({ text }) => text))).toEqual([['a', 'b'], ['c']]);
  });

  it('does not wait while more lines wait than fit in one chunk', async () => {
    const clock = createFastClock();
    const { api, shipper } = await start(undefined, { clock, interval: 250 });
    for (let each = 0; each < 1700; each += 1) shipper.append(line(String(each)));
    await shipper.drain();
    expect(api.state.chunks.map(({ length }) => length)).toEqual([500, 500, 500, 200]);
    expect(clock.sleeps).toEqual([]);
  });

  it('keeps the limits of a chunk', async () => {
    const { api, shipper } = await start();
    for (let each = 0; each < 100; each += 1) shipper.append(line('x'.repeat(8000)));
    for (let each = 0; each < 600; each += 1) shipper.append(line('y'));
    await shipper.drain();
    for (const chunk of api.state.chunks) {
      expect(chunk.length).toBeLessThanOrEqual(MAX_CHUNK_LINES);
      const characters = chunk.reduce((sum, { text }) => sum + text.length, 0);
      expect(characters).toBeLessThanOrEqual(MAX_CHUNK_CHARACTERS);
    }
    expect(api.state.lines).toHaveLength(700);
  });

  it('keeps thousands of lines on disk while the API is away, and brings them when it is back', async () => {
    const { api, shipper, queue } = await start(undefined, { clock: systemClock, memoryLines: 100 });
    api.goAway();
    for (let each = 0; each < 5000; each += 1) shipper.append(line(`line ${each}`));
    expect(queue.spilled()).toBeGreaterThan(100_000);
    api.comeBack();
    await shipper.drain();
    expect(textsOf(api)).toEqual(Array.from({ length: 5000 }, (_, at) => `line ${at}`));
  });

  it('hands every answer on', async () => {
    const { api, shipper, heard } = await start();
    api.state.stop = true;
    shipper.append(line('a'));
    await shipper.drain();
    expect(heard).toEqual([true]);
  });

  it('ends for good when the lease is lost', async () => {
    const { api, shipper, failures } = await start();
    api.state.isLeaseLost = true;
    shipper.append(line('a'));
    await expect(shipper.drain()).rejects.toThrow(LeaseLostError);
    shipper.append(line('b'));
    await expect(shipper.drain()).rejects.toThrow(LeaseLostError);
    expect(failures).toHaveLength(1);
    expect(api.state.counts.log).toBe(1);
  });

  it('gives up the text of lines that are refused, not the build', async () => {
    const { api, shipper } = await start((verb, count) =>
      verb === 'log' && count === 1 ? { kind: 'status', status: 413, code: 'too-large' } : undefined,
    );
    shipper.append(line('a'));
    shipper.append(line('b'));
    await shipper.drain();
    shipper.append(line('c'));
    await shipper.drain();
    expect(textsOf(api)).toEqual(['(this line was refused)', '(this line was refused)', 'c']);
  });

  it('does not ask as fast as it can when the API contradicts itself', async () => {
    const clock = createFastClock();
    const fault = { kind: 'status', status: 409, code: 'out-of-order', expectedSeq: 1 } as const;
    const { api, shipper } = await start((_verb, count) => (count <= 3 ? fault : undefined), { clock });
    shipper.append(line('a'));
    await shipper.drain();
    expect(textsOf(api)).toEqual(['a']);
    expect(clock.sleeps.filter((milliseconds) => milliseconds === 1000)).toHaveLength(3);
  });

  it('carries progress once, with the chunk that arrives', async () => {
    const { api, shipper, outbox } = await start((_verb, count) =>
      count === 1 ? { kind: 'drop', applied: false } : undefined,
    );
    outbox.addStep({ index: 1, status: 'running', at: '2026-01-01T00:00:00.000Z' });
    shipper.append(line('a'));
    await shipper.drain();
    shipper.append(line('b'));
    await shipper.drain();
    expect(api.state.progress).toHaveLength(1);
  });
});
