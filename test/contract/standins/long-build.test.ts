import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repairRun } from '../../../functions/jobs/reconcile/repair-run.ts';
import { systemClock } from '../../../functions/runner/clock.ts';
import { runBuild } from '../../../functions/runner/run-build.ts';
import { readSettings } from '../../../functions/runner/settings.ts';
import { subscribeToLog } from '../../../functions/socket/message/subscribe-to-log.ts';
import type { SendToSocket } from '../../../shared/actions/engine.ts';
import type { LogLine } from '../../../shared/contracts/entities/log.ts';
import { sha256 } from '../../../shared/domain/sha256.ts';
import { socketStore } from '../../../shared/store/socket-store.ts';
import { bundleOf } from '../../support/agent-api.ts';
import { CLAIM_TOKEN } from '../../support/agent-engine.ts';
import { startAgentServer } from '../../support/agent-server.ts';
import { scope } from '../../support/engine.ts';
import { createSwiftClock } from '../../unit/functions/runner/fake-time.ts';

/**
 * A build of many hours (S65): the real Packer and the real runner before the agent API's own functions, its tables and
 * its sockets, all with the lifetimes that they have, and with a clock that is 1200 times as fast: an hour is three seconds.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TIMES = 1200;
/** Longest session of a role that another role takes on (STS), and longest connection of a socket (API Gateway). */
const SESSION = HOUR;
const CONNECTION = 2 * HOUR;
/** The build goes on until so many of its sessions have ended, and its viewer has had so many connections. */
const SESSIONS = 3;
const CONNECTIONS = 2;

const clock = createSwiftClock(TIMES);
/** Who lost a race pauses in real time: the races are real, too. */
const storeClock = { now: clock.now, pause: (milliseconds: number) => systemClock.sleep(milliseconds) };
const now = () => new Date(clock.now()).toISOString();
const begunAt = clock.now();

/** Somebody who watches the log over connections that are cut, each time without a word. */
const createViewer = () => {
  const seen: LogLine[] = [];
  let connection = { id: 'connection-1', openedAt: clock.now() };
  let opened = 1;
  let reconnecting: Promise<unknown> = Promise.resolve();
  let open: (id: string, afterSeq: number) => Promise<void> = async () => undefined;

  const reconnect = (): void => {
    opened += 1;
    connection = { id: `connection-${opened}`, openedAt: clock.now() };
    reconnecting = open(connection.id, seen.at(-1)?.seq ?? 0);
  };
  const send: SendToSocket = async (to, message) => {
    if (to !== connection.id) return 'gone';
    if (clock.now() - connection.openedAt > CONNECTION) {
      reconnect();
      return 'gone';
    }
    if (message.type === 'log') seen.push(...message.lines);
    return 'sent';
  };
  return {
    seen,
    send,
    connections: () => opened,
    watch: (by: typeof open) => {
      open = by;
      return open(connection.id, 0);
    },
    settled: () => reconnecting,
  };
};

/** Sessions that were given out, each good for an hour. */
const sessions: { id: string; endsAt: number }[] = [];
const credentials = () => {
  const session = { id: `ASIA${sessions.length + 1}`, endsAt: clock.now() + SESSION };
  sessions.push(session);
  return {
    AccessKeyId: session.id,
    SecretAccessKey: `secret-key-of-session-${sessions.length}`,
    Token: `token-of-session-${sessions.length}`,
    Expiration: new Date(session.endsAt).toISOString(),
  };
};

/** Asks for credentials again and again, as an SDK does that has forgotten them, until a file appears. */
const script = (end: string) => `#!/bin/bash
while [ ! -e ${end} ]; do
  document=$(curl -sf -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI") || echo refused
  echo "key $(echo "$document" | grep -o 'ASIA[0-9]*')"
  sleep 0.05
done
echo ended by itself
`;

const job = (end: string) => {
  const marker = (edge: string) => ({
    'shell-local': { inline: [`echo @@goldsmith \${var.goldsmith_nonce} step 1/1 ${edge}`] },
  });
  const template = {
    variable: { goldsmith_nonce: { type: 'string' } },
    source: { null: { image: { communicator: 'none' } } },
    build: {
      sources: ['source.null.image'],
      provisioner: [marker('begin'), { 'shell-local': { inline: ['bash steps/001.sh'] } }, marker('end')],
    },
  };
  return bundleOf(
    { 'image.pkr.json': JSON.stringify(template), 'steps/001.sh': script(end) },
    { steps: [{ index: 1, name: 'install packages' }] },
  );
};

type Api = Awaited<ReturnType<typeof startAgentServer>>;

/** Opens a connection with a ticket of its own and subscribes after the last line that was seen. */
const opener =
  ({ engine, run }: Api) =>
  async (connectionId: string, afterSeq: number) => {
    const ticket = `ticket of ${connectionId}`;
    const sockets = socketStore(engine.traffic);
    await sockets.putTicket(ticket, { workspaceId: run.workspaceId, principalId: 'user-1' }, 60);
    await sockets.connect(ticket, connectionId);
    await subscribeToLog({ ...engine, scope, connectionId }, { runId: run.id, afterSeq });
  };

/** A reconciler that looks at the run each hour, whether it is due or not, while CodeBuild says that the build runs. */
const lookAfter = async (api: Api, done: AbortSignal): Promise<string[]> => {
  const refuse = () => Promise.reject(new Error('nobody is to do this'));
  const repair = {
    ...api.engine,
    pause: refuse,
    sweep: refuse,
    newSecret: () => 'unused',
    startCloudBuild: refuse,
    startWorkflow: refuse,
    workflows: { stateOf: async () => 'running' as const, wake: refuse },
    builds: { ended: () => undefined, stop: refuse },
  };
  const said: string[] = [];
  for (;;) {
    await clock.sleep(HOUR, done);
    if (done.aborted) return said;
    said.push(await repairRun(repair, await api.after()));
  }
};

describe('a build that lasts for hours (S65)', () => {
  let folder = '';
  let api: Api;
  let outcome = '';
  let looks: string[] = [];
  let endedAt = 0;
  const viewer = createViewer();

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'long-build-'));
    const end = path.join(folder, 'end');
    api = await startAgentServer(
      {
        bundle: job(end),
        credentials,
        now,
        clock: storeClock,
        send: viewer.send,
        rhythm: { heartbeatSeconds: 60, chunkIntervalMilliseconds: MINUTE },
      },
      {
        // More than a definition may ask for: on a busy machine a script takes its time, and ours runs away.
        timeoutSeconds: 7 * 86_400,
        startedAt: now(),
        deadlineAt: now(),
        claim: { tokenSha256: sha256(CLAIM_TOKEN), until: new Date(begunAt + 45 * MINUTE).toISOString() },
        executionArn: 'arn:execution',
        buildId: 'build-1',
      },
    );
    await viewer.watch(opener(api));
    const done = new AbortController();
    const looking = lookAfter(api, done.signal);
    const environment = { ...api.environment(), GOLDSMITH_WORK_DIR: path.join(folder, 'work') };
    const ended = runBuild(readSettings(environment), {
      send: fetch,
      clock,
      random: Math.random,
      terminate: new AbortController().signal,
      environment: { PATH: process.env['PATH'] },
      readOutputOf: () => () => ({}),
    });
    const outlived = () => sessions.filter(({ endsAt }) => endsAt < clock.now()).length;
    while (outlived() < SESSIONS || viewer.connections() < CONNECTIONS) await clock.sleep(MINUTE);
    // The end of a process is awaited in real time: what it says last must not be late by a clock that runs away.
    clock.pace(1);
    await writeFile(end, '');
    outcome = await ended;
    endedAt = clock.now();
    done.abort();
    looks = await looking;
    await viewer.settled();
  });
  afterAll(async () => {
    await api.close();
    await rm(folder, { recursive: true, force: true });
  });

  const texts = () => viewer.seen.map(({ text }) => text);

  it('ends by itself, and succeeds', async () => {
    expect(outcome).toBe('succeeded');
    expect(texts()).toContain('ended by itself');
    expect((await api.after()).completion).toMatchObject({ outcome: 'succeeded', errors: [] });
    expect(endedAt - begunAt).toBeGreaterThan(2 * SESSION);
  });

  it('outlives its sessions: it is given each as long as it is good, and the next one before that ends', () => {
    const used = texts().flatMap((text) =>
      text.startsWith('key ') ? [Number(text.slice('key ASIA'.length))] : [],
    );
    expect(new Set(used).size).toBeGreaterThan(SESSIONS);
    expect(used).toEqual(used.toSorted((a, b) => a - b));
    expect(texts()).not.toContain('refused');
    expect(texts().join('\n')).not.toMatch(/secret-key-of|token-of/);
  });

  it('outlives the token of its claim, and its lease as often as that is renewed', async () => {
    const { claim, lease } = await api.after();
    expect(Date.parse(claim?.until ?? '')).toBeLessThan(endedAt);
    expect(Date.parse(lease?.lastHeardAt ?? '') - Date.parse(lease?.claimedAt ?? '')).toBeGreaterThan(
      2 * SESSION,
    );
    expect(api.counts['claim']).toBe(1);
    expect(api.counts['heartbeat']).toBeGreaterThan(3);
  });

  it('outlives the sockets of its viewer, who sees every line once and in order', async () => {
    expect(viewer.connections()).toBeGreaterThanOrEqual(CONNECTIONS);
    expect(viewer.seen.map(({ seq }) => seq)).toEqual(viewer.seen.map((_, at) => at + 1));
    expect(viewer.seen).toEqual(await api.log());
  });

  it('is left alone by the reconciler, however often that looks', () => {
    for (const said of looks) expect(said).toBe('nothing: its build goes on');
  });
});
