import { describe, expect, test } from 'vitest';
import { complete } from '../../../../functions/agent-api/complete.ts';
import { publishRun } from '../../../../functions/events/publish-changes/publish-run.ts';
import { finishRun } from '../../../../shared/actions/finish-run.ts';
import { openLogin } from '../../../../shared/actions/vm-login.ts';
import { type Completion, completionSchema } from '../../../../shared/contracts/agent-protocol.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { present } from '../../../../shared/domain/run/lifecycle.ts';
import { sha256 } from '../../../../shared/domain/sha256.ts';
import { keys, trafficKeys } from '../../../../shared/store/keys.ts';
import { socketStore } from '../../../../shared/store/socket-store.ts';
import { at, failure, runningRun, workspaceId } from '../../../support/builders.ts';
import { memoryEngine, putRun, readRun, scope } from '../../../support/engine.ts';
import { memorySecretBox } from '../../../support/memory-secrets.ts';

const KEY = '-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n';
const login = {
  communicator: 'ssh' as const,
  user: 'admin',
  host: '10.0.0.4',
  port: 22,
  privateKey: KEY,
  password: 'a password of nobody',
};
const TOKEN = 'lease-token';
const lease = {
  tokenSha256: sha256(TOKEN),
  runnerId: 'runner-1',
  runnerVersion: '1',
  packerVersion: '1.6.6',
  claimedAt: at(20),
  lastHeardAt: at(30),
};
const completion = (fields: Partial<Completion> = {}): Completion => ({
  outcome: 'stopped',
  exitCode: null,
  artifacts: [],
  errors: [],
  temporaries: [],
  lastSeq: 9,
  login,
  ...fields,
});

/** A run that is being stopped, and its runner's last word. */
const stopping = async (fields: Partial<StoredRun> = {}) => {
  const { engine, core, traffic, sent } = memoryEngine();
  const withSecrets = { ...engine, secrets: memorySecretBox() };
  const run = await putRun(core, runningRun({ lease, stopRequestedAt: at(90), ...fields }));
  const call = (body: Completion, using = withSecrets) =>
    complete(using, async () => undefined, {
      params: { workspaceId, runId: run.id },
      headers: { authorization: `Bearer ${TOKEN}` },
      body,
    });
  const textOfRow = () => JSON.stringify(core.rows.get(rowOf(run)));
  return {
    engine: withSecrets,
    core,
    traffic,
    sent,
    run,
    call,
    textOfRow,
    after: () => readRun(core, run.id),
  };
};
const rowOf = ({ id }: StoredRun): string => {
  const { pk, sk } = keys.run(scope, id);
  return `${pk}\n${sk}`;
};

describe('the login that a stopped build hands over', () => {
  test('lies sealed in the run, bound to it, and nowhere as it was (S83)', async () => {
    const { engine, run, call, after, textOfRow } = await stopping();
    await call(completion());
    const { vmLogin, completion: kept } = await after();
    expect(kept).toEqual(completionSchema.omit({ login: true }).parse(completion()));
    expect(vmLogin).toMatchObject({ communicator: 'ssh', user: 'admin', host: '10.0.0.4', port: 22 });
    for (const secret of ['MIIEowIBAAKCAQEA', 'a password of nobody'])
      expect(textOfRow()).not.toContain(secret);
    if (vmLogin === undefined) throw new Error('nothing was kept');
    expect(await openLogin(engine, scope, run.id, vmLogin)).toEqual(login);
    await expect(openLogin(engine, scope, `${run.id}2`, vmLogin)).rejects.toThrow('InvalidCiphertext');
    const swapped = { ...vmLogin, password: vmLogin.privateKey };
    await expect(openLogin(engine, scope, run.id, swapped)).rejects.toThrow('InvalidCiphertext');
  });

  test('is in nothing that clients, sockets or the bus are told', async () => {
    const { core, traffic, engine, sent, run, call, after } = await stopping();
    await traffic.write([{ put: { ...trafficKeys.connection('connection-1'), row: 'socket-connection' } }]);
    await socketStore(traffic).subscribeToRuns(scope, 'connection-1');
    const before = await after();
    await call(completion());
    const ended = { ...(await after()), status: 'Stopped' as const, endedAt: at(99) };
    const told: unknown[] = [present(ended)];
    await publishRun({ before: { ...before, row: 'run' }, after: { ...ended, row: 'run' } }, engine, {
      event: async (event) => void told.push(event),
      sweep: (request) => void told.push(request),
    });
    const text = JSON.stringify([told, sent]);
    expect(told.length).toBeGreaterThan(1);
    for (const word of ['vmLogin', 'ciphertext', 'privateKey', 'MIIE']) expect(text).not.toContain(word);
    expect(core.rows.has(rowOf(run))).toBe(true);
  });

  test.each([['succeeded'], ['failed'], ['timed-out']] as const)(
    'is not kept of a build that %s, whatever a runner sends',
    async (outcome) => {
      const { call, after } = await stopping();
      await call(completion({ outcome }));
      const run = await after();
      expect(run.completion?.outcome).toBe(outcome);
      expect(run.vmLogin).toBeUndefined();
    },
  );

  test('that cannot be sealed is lost, but holds up no stop', async () => {
    const { engine, call, after } = await stopping();
    const broken = { ...engine.secrets, seal: () => Promise.reject(new Error('KMSInternalException')) };
    await call(completion(), { ...engine, secrets: broken });
    const run = await after();
    expect(run.completion?.outcome).toBe('stopped');
    expect(run.vmLogin).toBeUndefined();
  });

  test('does not change by a second word', async () => {
    const { call, after } = await stopping();
    await call(completion());
    const first = await after();
    await call(completion({ login: { ...login, user: 'somebody' } }));
    expect(await after()).toEqual(first);
  });

  test.each([
    ['a run that failed after all', { outcome: 'failed', failure: failure() }],
    ['a run that succeeded', { outcome: 'succeeded' }],
  ] as const)('is gone with the end of %s', async (_case, verdict) => {
    const { engine, call, after } = await stopping();
    await call(completion());
    await finishRun(engine, scope, { ...(await after()), verdict }, verdict);
    const ended = await after();
    expect(ended.endedAt).toBeDefined();
    expect(ended.vmLogin).toBeUndefined();
  });

  test('is gone when the run ends and had no VM', async () => {
    const { engine, call, after, textOfRow } = await stopping();
    await call(completion());
    await finishRun(engine, scope, await after(), { outcome: 'stopped' });
    expect((await after()).status).toBe('Stopped');
    expect(textOfRow()).not.toContain('vmLogin');
  });
});
