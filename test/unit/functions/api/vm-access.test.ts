import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { changeLedger } from '../../../../shared/actions/leftover-ledger.ts';
import { sealLogin } from '../../../../shared/actions/vm-login.ts';
import type { VmLogin } from '../../../../shared/contracts/agent-protocol.ts';
import type { Leftover } from '../../../../shared/contracts/entities/run.ts';
import { vmAccessSchema } from '../../../../shared/contracts/entities/vm-access.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { recordLeftovers } from '../../../../shared/store/leftover-store.ts';
import { runRemoval } from '../../../../shared/store/run-removal.ts';
import { runStore } from '../../../../shared/store/run-store.ts';
import { at, runningRun, ulid } from '../../../support/builders.ts';
import { openPlatformsApi, type PlatformsApi } from '../../../support/platforms-api.ts';

const KEY = '-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n';
const ssh: VmLogin = { communicator: 'ssh', user: 'admin', host: '10.0.0.4', port: 22, privateKey: KEY };
const buildVm = {
  kind: 'ec2-instance',
  locator: 'i-1',
  region: 'eu-west-1',
  address: '10.0.0.4',
  user: 'admin',
};

const leftover = (end: string, locator: string, state: Leftover['state'] = 'kept'): Leftover => ({
  id: `lft_${ulid(end)}`,
  kind: 'ec2-instance',
  locator,
  createdAt: at(50),
  state,
});

let api: PlatformsApi;
beforeEach(async () => {
  api = await openPlatformsApi();
});

/** A stopped run whose VM stays, unless the test says otherwise. */
const put = async (
  fields: Partial<StoredRun> = {},
  { login = ssh, leftovers = [leftover('V', 'eu-west-1/i-1'), leftover('K', 'eu-west-1/key-1')] } = {},
): Promise<StoredRun> => {
  const { core, scope, workspaceId, secrets } = api;
  const ended = { status: 'Stopped' as const, phase: 'finished' as const, endedAt: at(60), buildVm };
  const run = runningRun({ ...ended, workspaceId, ...fields });
  const sealed = await sealLogin({ secrets, now: () => at(50) }, scope, run.id, login);
  const vmLogin = 'vmLogin' in fields ? fields.vmLogin : sealed;
  await core.write([
    { put: { ...keys.run(scope, run.id), row: 'run', ...run, vmLogin, leftoverCount: leftovers.length } },
    ...recordLeftovers(scope, run.id, leftovers),
  ]);
  return run;
};
const bodySchema = z.record(z.string(), z.unknown());
const ask = async ({ id }: Pick<StoredRun, 'id'>, more = {}) => {
  const { status, body } = await api.ask('POST', `/runs/${id}/vm-access`, more);
  return { status, body: bodySchema.parse(body) };
};
const rowOf = async ({ id }: StoredRun) => runStore(api.core, api.scope).get(id);
const auditEvents = () =>
  [...api.core.rows.values()].filter((row) => row['row'] === 'audit-event' && row['action'] === 'reveal');

describe('how to log in to the VM of a stopped run', () => {
  test('is told, and noted who was told (S83)', async () => {
    const run = await put();
    const { status, body } = await ask(run);
    expect(status).toBe(200);
    expect(vmAccessSchema.parse(body)).toEqual({
      ...ssh,
      command: 'ssh -i build-vm.pem -p 22 -l admin 10.0.0.4',
    });
    expect(auditEvents()).toMatchObject([
      { actor: { id: 'user-1' }, entity: { kind: 'vm-access', id: run.id } },
    ]);
    expect(JSON.stringify([...api.core.rows.values()])).not.toContain('MIIE');
    const after = await rowOf(run);
    expect(after?.vmLogin).toBeUndefined();
    expect(after?.vmLoginGivenAt).toBeDefined();
  });

  test('is told once: the second is refused, and nothing is noted', async () => {
    const run = await put();
    await ask(run);
    expect(await ask(run)).toMatchObject({ status: 409, body: { code: 'vm-access-given' } });
    expect(auditEvents()).toHaveLength(1);
  });

  test('is told to exactly one of many who ask at the same moment', async () => {
    const run = await put();
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(run)));
    const codes = answers.map(({ status, body }) => (status === 200 ? 'told' : String(body['code'])));
    expect(codes.toSorted((a, b) => a.localeCompare(b))).toEqual([
      'told',
      ...Array.from({ length: 7 }, () => 'vm-access-given'),
    ]);
    expect(auditEvents()).toHaveLength(1);
  });

  test('is not told again to a repeated request', async () => {
    const run = await put();
    const headers = { 'idempotency-key': 'one' };
    expect((await ask(run, { headers })).status).toBe(200);
    expect(await ask(run, { headers })).toMatchObject({ status: 409, body: { code: 'already-answered' } });
    expect(JSON.stringify([...api.core.rows.values()])).not.toContain('MIIE');
  });

  test('is not lost when the key that sealed it does not answer', async () => {
    const run = await put();
    const { open } = api.parts.secrets;
    api.parts.secrets.open = () => Promise.reject(new Error('KMSInternalException'));
    expect((await ask(run)).status).toBe(500);
    api.parts.secrets.open = open;
    expect((await ask(run)).status).toBe(200);
  });

  test('names the address of the platform, and no port of a tunnel that is gone', async () => {
    const run = await put({}, { login: { ...ssh, host: 'localhost', port: 8342 } });
    const { body } = await ask(run);
    expect(body).toMatchObject({ host: '10.0.0.4', command: 'ssh -i build-vm.pem -l admin 10.0.0.4' });
    expect(body['port']).toBeUndefined();
  });

  test.each([undefined, '127.0.0.1:2222'])(
    'keeps the port that leads to a VM on the machine of Packer (%s)',
    async (address) => {
      const vm = { ...buildVm, address };
      const run = await put({ buildVm: vm }, { login: { ...ssh, host: '127.0.0.1', port: 2222 } });
      expect((await ask(run)).body).toMatchObject({ host: '127.0.0.1', port: 2222 });
    },
  );

  test('names the way that Packer went, where the platform shows another address', async () => {
    const run = await put({}, { login: { ...ssh, host: '198.51.100.7' } });
    expect((await ask(run)).body).toMatchObject({ host: '198.51.100.7', port: 22 });
  });

  test('is a password for WinRM, and no command for a shell', async () => {
    const login = {
      communicator: 'winrm' as const,
      user: 'Administrator',
      port: 5986,
      password: 'Pa55 word!',
    };
    const run = await put({}, { login });
    expect((await ask(run)).body).toEqual({ ...login, host: '10.0.0.4' });
  });

  test('makes no command of a name that means something to a shell', async () => {
    const run = await put({}, { login: { ...ssh, user: 'x; rm -rf ~' } });
    const { body } = await ask(run);
    expect(body).toMatchObject({ user: 'x; rm -rf ~' });
    expect(body['command']).toBeUndefined();
  });
});

describe('there is no login', () => {
  test.each([
    ['of a run that goes on', { status: 'Running' as const, endedAt: undefined }, 'still-active'],
    ['of a run that waits', { status: 'Queued' as const, endedAt: undefined }, 'still-active'],
    ['of a run that succeeded', { status: 'Succeeded' as const }, 'no-vm-access'],
    ['of a run that failed', { status: 'Failed' as const }, 'no-vm-access'],
    ['of a run that was stopped before it had a VM', { vmLogin: undefined }, 'no-vm-access'],
  ])('%s', async (_case, fields, code) => {
    const run = await put(fields);
    expect(await ask(run)).toMatchObject({ status: 409, body: { code } });
    expect(auditEvents()).toEqual([]);
  });

  test('of a run that does not exist', async () => {
    expect(await ask({ id: `run_${ulid('X')}` })).toMatchObject({ status: 404 });
  });

  test.each(['deleting', 'deleted'] as const)('to a VM that is %s', async (state) => {
    const run = await put({}, { leftovers: [leftover('V', 'eu-west-1/i-1', state), leftover('K', 'x/key')] });
    expect(await ask(run)).toMatchObject({ status: 409, body: { code: 'no-vm-access' } });
  });

  test('any more once its VM was deleted with the leftovers (S84)', async () => {
    const run = await put();
    const restate = (wanted: string) =>
      changeLedger(api.core, api.scope, run.id, (_run, ledger) => ({
        restate: ledger
          .filter(({ locator }) => locator === wanted)
          .map((one) => ({ ...one, state: 'deleting' })),
      }));
    await restate('eu-west-1/key-1');
    expect((await rowOf(run))?.vmLogin).toBeDefined();
    await restate('eu-west-1/i-1');
    expect((await rowOf(run))?.vmLogin).toBeUndefined();
  });

  test('in what is kept of a deleted run', async () => {
    const run = await put();
    const stored = (await rowOf(run)) ?? run;
    expect(stored.vmLogin).toBeDefined();
    await runRemoval(api.core, api.scope).remove({ run: stored, leftovers: [], cleanUp: true, more: [] });
    const copy = await runRemoval(api.core, api.scope).deleted(run.id);
    expect(copy?.id).toBe(run.id);
    expect(JSON.stringify([...api.core.rows.values()])).not.toContain('ciphertext');
  });
});
