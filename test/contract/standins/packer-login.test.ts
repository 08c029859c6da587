import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLogin } from '../../../shared/packer/login.ts';
import { bundleOf, filesOn, NONCE } from '../../support/null-build.ts';
import { inFolder, runPacker, writeFiles } from '../../support/packer-command.ts';
import { type SshTarget, startSshTarget } from '../../support/ssh-target.ts';
import { shell, step } from '../../unit/shared/packer/fixtures.ts';

const PASSWORD = 'of nobody ${x} $(id)\n"é';
let target: SshTarget;

beforeAll(async () => {
  target = await startSshTarget();
});
afterAll(() => target.close());

/** Builds a step on the target as a run does; `loginFile` is below the folder. */
const build = (loginFile: string | undefined) =>
  inFolder(async (folder) => {
    const source = { ...target.source, ssh_password: PASSWORD.replaceAll('${', () => '$${') };
    const steps = [step(1, shell({ script: 'echo in the step' }))];
    await writeFiles(folder, filesOn(bundleOf(steps, true), { source }));
    const file = join(folder, loginFile ?? 'login');
    const more: Record<string, string> = loginFile === undefined ? {} : { GOLDSMITH_LOGIN_FILE: file };
    const end = await runPacker(
      folder,
      ['build', '-machine-readable', '.'],
      { goldsmith_nonce: NONCE },
      more,
    );
    const text = await readFile(file, 'utf8').catch(() => undefined);
    const mode = text === undefined ? undefined : (await stat(file)).mode % 0o1000;
    return { ...end, text, mode, left: await readdir(folder) };
  });

describe('the login of a build VM, by the real Packer', () => {
  it('is what Packer logs in with, in a file for nobody else and in no line (S83)', async () => {
    const { exitCode, lines, text, mode, left } = await build('login');
    expect(exitCode).toBe(0);
    expect(readLogin(text ?? '')).toEqual({
      communicator: 'ssh',
      host: '127.0.0.1',
      port: target.source['ssh_port'],
      user: 'builder',
      password: PASSWORD,
      privateKey: undefined,
    });
    expect(mode).toBe(0o600);
    expect(lines.join('\n')).toContain('in the step');
    for (const secret of [PASSWORD, Buffer.from(PASSWORD).toString('base64'), 'nobody'])
      expect(lines.join('\n')).not.toContain(secret);
    // Its script held the password: nothing of it is left.
    expect(left.filter((name) => name.startsWith('packer-'))).toEqual([]);
  });

  it('is written nowhere for who names no file', async () => {
    const { exitCode, lines, text } = await build(undefined);
    expect(exitCode).toBe(0);
    expect(text).toBeUndefined();
    expect(lines.join('\n')).toContain('in the step');
  });

  it('fails no build that cannot write it', async () => {
    const { exitCode, text } = await build('no/such/folder');
    expect(exitCode).toBe(0);
    expect(text).toBeUndefined();
  });
});
