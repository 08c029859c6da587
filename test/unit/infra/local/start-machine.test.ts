import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { moveAddresses } from '../../../../infra/local/emulator/index.ts';
import { readLocalFile, writeLocalFile } from '../../../../infra/local/stack/local-file.ts';
import { choosePort, findTakenPort } from '../../../../infra/local/stack/ports.ts';
import { findProcesses, killProcesses } from '../../../../infra/local/stack/process-table.ts';
import { portsOf, type StackPaths, stackPaths, vpcCidrOf } from '../../../../infra/local/stack/settings.ts';
import { becomeSupervisor, findSupervisor } from '../../../../infra/local/stack/supervisor-file.ts';

let paths: StackPaths;
beforeEach(async () => {
  paths = stackPaths(await mkdtemp(join(tmpdir(), 'goldsmith-machine-')));
  await mkdir(paths.state);
});
afterEach(() => rm(paths.home, { recursive: true, force: true }));

describe('processes of a stack', () => {
  const start = async (environment: Record<string, string>) => {
    const child = spawn('sleep', ['60'], { env: { PATH: process.env['PATH'], ...environment } });
    await once(child, 'spawn');
    return child;
  };

  test('are found by its folders and killed, and nobody else’s', async () => {
    const own = [
      await start({ STATE_DIR: paths.state }),
      await start({ TMPDIR: `${paths.temporary}/work/1` }),
    ];
    const others = [await start({ STATE_DIR: `${paths.state}-2` }), await start({ PWD: paths.state })];
    const ends = own.map((child) => once(child, 'exit'));
    const killed = await killProcesses(paths);
    expect(new Set(killed.map(({ pid }) => pid))).toEqual(new Set(own.map(({ pid }) => pid)));
    await Promise.all(ends);
    expect(await findProcesses(paths)).toEqual([]);
    for (const child of others) {
      expect(child.exitCode ?? child.signalCode).toBeNull();
      child.kill();
    }
  });
});

describe('the owner of a folder', () => {
  test('is one process only', async () => {
    await becomeSupervisor(paths);
    expect((await findSupervisor(paths))?.pid).toBe(process.pid);
    await expect(becomeSupervisor(paths)).rejects.toThrow('already being started');
  });

  test('that is dead or whose pid was given out again is replaced', async () => {
    const record = { pid: process.pid, startTime: '1', startedAt: '2026-01-01T00:00:00.000Z' };
    await writeFile(paths.supervisorFile, JSON.stringify(record));
    expect(await findSupervisor(paths)).toBeUndefined();
    await becomeSupervisor(paths);
    expect((await findSupervisor(paths))?.pid).toBe(process.pid);
  });
});

describe('ports', () => {
  const base = 17_340;

  test('of GOLDSMITH_PORT are taken or refused by name', async () => {
    expect(await choosePort(paths, String(base))).toBe(base);
    await expect(choosePort(paths, 'eighty')).rejects.toThrow('GOLDSMITH_PORT is "eighty"');
    const server = createServer().listen(portsOf(base).ec2, '127.0.0.1');
    await once(server, 'listening');
    await expect(choosePort(paths, String(base))).rejects.toThrow(`port ${portsOf(base).ec2} is in use`);
    server.close();
  });

  test('are those of the last time while they are free, and others when not', async () => {
    await writeFile(join(paths.home, 'port'), String(base));
    expect(await choosePort(paths, undefined)).toBe(base);
    const server = createServer().listen(base, '127.0.0.1');
    await once(server, 'listening');
    const other = await choosePort(paths, undefined);
    expect(other).not.toBe(base);
    expect(await findTakenPort(other)).toBeUndefined();
    server.close();
  });

  test('of neighbouring blocks go with other addresses of instances', () => {
    expect(new Set([4600, 4610, 4620].map(vpcCidrOf)).size).toBe(3);
  });
});

test('addresses follow the emulator to another port, others stay', () => {
  const text = 'http://127.0.0.1:4600/q ws://localhost:4600 http://127.0.0.1:46001 http://10.0.0.1:4600';
  expect(moveAddresses(text, 4600, 5500)).toBe(
    'http://127.0.0.1:5500/q ws://localhost:5500 http://127.0.0.1:46001 http://10.0.0.1:4600',
  );
});

test('local.json is for its owner only', async () => {
  const endpoint = 'http://127.0.0.1:4600';
  const content = {
    apiUrl: endpoint,
    socketUrl: 'ws://127.0.0.1:4600',
    workspaceId: 'ws_1',
    token: 'token',
    awsEndpoint: endpoint,
    ec2Endpoint: endpoint,
    region: 'us-east-1',
    pid: 1,
  };
  await writeLocalFile(paths, content);
  expect(await readLocalFile(paths)).toEqual(content);
  expect((await stat(paths.localFile)).mode & 0o777).toBe(0o600);
});

test('sockets fit below the temporary folder however deep the home lies', () => {
  const { temporary } = stackPaths(`/${'deep/'.repeat(50)}`);
  const socket = join(
    temporary,
    'work',
    '12345678',
    'tmp',
    'goldsmith-abcdef',
    'tmp',
    'packer-plugin1234567890',
  );
  expect(Buffer.byteLength(socket)).toBeLessThan(108);
});
