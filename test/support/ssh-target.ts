/**
 * A machine to build on that is this one: an SSH server on loopback whose commands are run by `/bin/sh` in a folder of
 * its own, with that folder's programs before the machine's. Real enough for Packer, which copies files to it by `scp`.
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, Server, type ServerChannel } from 'ssh2';

/** A command that ends with this code takes the connection with it, as a restart does. */
export const BREAK_CONNECTION = 86;

export type SshTarget = {
  /** Where its commands run, and where `~` is. */
  folder: string;
  /** Packer's source of a build on it. */
  source: Record<string, unknown>;
  /** Every command that was run, in order. */
  commands: string[];
  close: () => Promise<void>;
};

/** Starts the target. `programs` are shell scripts by name. */
export const startSshTarget = async (programs: Record<string, string> = {}): Promise<SshTarget> => {
  const folder = await mkdtemp(join(tmpdir(), 'goldsmith-target-'));
  await mkdir(join(folder, 'bin'));
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, 'bin', name), 0o755);
  }
  const commands: string[] = [];
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'sec1', format: 'pem' });
  const connections = new Set<Connection>();
  const server = new Server({ hostKeys: [key] }, (connection) => {
    connections.add(connection);
    serve(connection, (command, channel) => {
      commands.push(command);
      runCommand({ folder, command, channel, connection });
    });
    connection.on('close', () => void connections.delete(connection));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    folder,
    commands,
    source: {
      communicator: 'ssh',
      ssh_host: '127.0.0.1',
      ssh_port: port,
      ssh_username: 'builder',
      ssh_password: 'of nobody',
    },
    close: async () => {
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Anybody may log in: the server listens on loopback, and lives as long as a test. */
const serve = (
  connection: Connection,
  onCommand: (command: string, channel: ServerChannel) => void,
): void => {
  connection.on('authentication', (attempt) => attempt.accept());
  connection.on('error', () => undefined);
  connection.on('session', (accept) => {
    accept().on('exec', (acceptCommand, _reject, { command }) => onCommand(command, acceptCommand()));
  });
};

type Command = { folder: string; command: string; channel: ServerChannel; connection: Connection };

const runCommand = ({ folder, command, channel, connection }: Command): void => {
  const shell = spawn('/bin/sh', ['-c', command], {
    cwd: folder,
    env: { HOME: folder, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
  });
  channel.pipe(shell.stdin);
  // Whoever does not read its input, or is gone, breaks the pipe.
  shell.stdin.on('error', () => undefined);
  shell.stdout.pipe(channel, { end: false });
  shell.stderr.pipe(channel.stderr, { end: false });
  // Packer ends a step that takes too long by closing its channel.
  channel.on('close', () => shell.kill());
  shell.on('close', (code) => {
    if (code === BREAK_CONNECTION) connection.end();
    else channel.exit(code ?? 255);
    channel.end();
  });
};
