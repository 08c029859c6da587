import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { SnapshotStep } from '../../../shared/contracts/snapshot.ts';
import { isMarkerNoise, readMarker } from '../../../shared/packer/markers.ts';
import { buildOn, NONCE } from '../../support/null-build.ts';
import type { PackerEnd } from '../../support/packer-command.ts';
import { BREAK_CONNECTION, type SshTarget, startSshTarget } from '../../support/ssh-target.ts';
import { base, file, powershell, secret, shell, step } from '../../unit/shared/packer/fixtures.ts';

/** Every step of Packer 1.6 through the real one, on a machine that has stand-ins for what Windows and Ansible bring. */

let target: SshTarget;
afterEach(async () => {
  await target.close();
  // What a playbook that failed leaves, on a machine that is not thrown away.
  await rm('/tmp/goldsmith-ansible-001', { recursive: true, force: true });
});

/** What is left of the template's own lines: markers as words, and what the steps said. */
const told = ({ lines }: PackerEnd): string[] =>
  lines
    .filter((line) => !isMarkerNoise(line))
    .map((line) => {
      const marker = readMarker(line, NONCE);
      return marker === undefined ? line : `${marker.edge} ${marker.index}`;
    });
const markersOf = (end: PackerEnd): string[] => told(end).filter((line) => /^(begin|end) \d+$/.test(line));

/** Prints what Windows PowerShell would run: the file of the environment and the script, then runs neither. */
const POWERSHELL = [
  'vars=$(printf %s "$*" | sed -n "s/.*\\. \\(c:[^;]*\\);.*/\\1/p")',
  `script=$(printf %s "$*" | sed -n "s/.*&'\\([^']*\\)'.*/\\1/p")`,
  '[ -z "$script" ] && exit 0',
  'case "$script" in *cleanup*) exit 0;; esac',
  'echo "runs $(basename "$script" | sed "s/-[0-9a-f-]\\{9,\\}[.]/./")"; sed "s/^/has /" "$vars"; echo; sed "s/^/text /" "$script"; echo',
].join('\n');
const WINDOWS = {
  powershell: POWERSHELL,
  'powershell.exe': 'echo "machine restarted."',
  shutdown: 'echo "shutdown $*"',
};
const startWindows = async (programs: Record<string, string> = WINDOWS): Promise<void> => {
  target = await startSshTarget(programs);
  await mkdir(join(target.folder, 'c:', 'Windows', 'Temp'), { recursive: true });
};
const windows = { ...base('prv_1', 'a step'), osFamily: 'windows' as const };

/** The value of a variable in the lines that the stand-in of PowerShell printed. */
const variableIn = (lines: string[], name: string): string | undefined => {
  const line = lines.find((one) => one.startsWith(`has $env:${name}=`));
  const [, value = ''] = /\$v='([^']*)'/.exec(line ?? '') ?? [];
  if (line === undefined) return undefined;
  return value.startsWith('base64:') ? Buffer.from(value.slice(7), 'base64').toString() : value;
};

describe('a shell step and a file before the real Packer', () => {
  it('are run in order, each behind its marker (S76)', async () => {
    target = await startSshTarget();
    const destination = join(target.folder, 'motd');
    const end = await buildOn(target, [
      step(1, file({ destination, content: 'Welcome to {{ this }} ${machine}\n' })),
      step(2, shell({ script: 'cat motd; echo "$GOLDSMITH_STEP $A"' }), { A: 'b c' }),
      step(3, shell({ script: 'exit 3', validExitCodes: [0, 3] })),
    ]);
    expect(end.exitCode).toBe(0);
    expect(markersOf(end)).toEqual(['begin 1', 'begin 2', 'begin 3', 'end 3']);
    expect(told(end)).toEqual(expect.arrayContaining(['Welcome to {{ this }} ${machine}', '2 b c']));
    expect(await readFile(destination, 'utf8')).toBe('Welcome to {{ this }} ${machine}\n');
  });

  it('end the build where one fails, without the marker of an end (S110)', async () => {
    target = await startSshTarget();
    const end = await buildOn(target, [step(1, shell({ script: 'exit 7' })), step(2, shell())]);
    expect(end.exitCode).toBe(1);
    expect(markersOf(end)).toEqual(['begin 1']);
    expect(end.errors.join('\n')).toContain('Script exited with non-zero exit status: 7');
  });

  it('end the build where one takes too long, also behind a pause (S78)', async () => {
    target = await startSshTarget();
    const slow = shell({ script: 'exec sleep 600', timeoutSeconds: 2, pauseBeforeSeconds: 1 });
    const end = await buildOn(target, [step(1, slow), step(2, shell())]);
    expect(end.exitCode).toBe(1);
    const texts = told(end);
    expect(markersOf(end)).toEqual(['begin 1']);
    expect(texts).toContain('Pausing 1s before the next provisioner...');
    expect(texts).toContain('Setting a 2s timeout for the next provisioner...');
    expect(end.errors).toContain('Cancelling provisioner after a timeout...');
  });

  it('are tried again as often as they are told', async () => {
    target = await startSshTarget();
    const script = 'echo x >> tries; [ "$(wc -l < tries)" = 3 ]';
    const end = await buildOn(target, [step(1, shell({ script, retries: 2 }))]);
    expect(end.exitCode).toBe(0);
    expect(await readFile(join(target.folder, 'tries'), 'utf8')).toBe('x\nx\nx\n');
  });

  it('go on after a connection that a script may break, and fail after one that it may not', async () => {
    target = await startSshTarget();
    const breaking = (expectDisconnect: boolean) =>
      step(1, shell({ script: `exit ${BREAK_CONNECTION}`, expectDisconnect }));
    const end = await buildOn(target, [breaking(true), step(2, shell({ script: 'echo back again' }))]);
    expect([end.exitCode, ...markersOf(end)]).toEqual([0, 'begin 1', 'begin 2', 'end 2']);
    expect(told(end)).toContain('back again');
    const broken = await buildOn(target, [breaking(false)]);
    expect(broken.exitCode).toBe(1);
    expect(broken.errors.join('\n')).toContain('Script disconnected unexpectedly');
  });
});

describe('a playbook before the real Packer', () => {
  const ANSIBLE =
    'echo "has $A and $TOKEN"; for one; do echo "given [$one]"; done; cat "$1"; cat /proc/[0-9]*/cmdline > "$HOME/processes" 2>/dev/null; exit 0';
  const playbook = (fields: object = {}) => ({
    ...shell({ secretEnvironment: { TOKEN: secret('secretEnvironment/TOKEN') } }),
    type: 'ansible-local' as const,
    script: '- hosts: all # {{ not a template }}\n',
    ...fields,
  });

  it('gets its variables and arguments, secrets in no list of processes, and leaves nothing', async () => {
    target = await startSshTarget({ 'ansible-playbook': ANSIBLE });
    const extraArguments = ['--diff', '-e', "it's $(id) ${x} `id`; # é"];
    const end = await buildOn(target, [step(1, playbook({ extraArguments }), { A: "o'ne" })], {
      secret_1: 'top $ecret',
    });
    expect([end.exitCode, ...markersOf(end)]).toEqual([0, 'begin 1', 'end 1']);
    const texts = told(end);
    expect(texts).toContain("has o'ne and top $ecret");
    expect(texts).toEqual(expect.arrayContaining(extraArguments.map((one) => `given [${one}]`)));
    expect(texts).toContain('- hosts: all # {{ not a template }}');
    const ran = target.commands.join('\n');
    expect(ran).not.toMatch(/top \$ecret|o'ne/);
    const processes = await readFile(join(target.folder, 'processes'), 'utf8');
    expect(processes).toContain('ansible-playbook');
    expect(processes).not.toMatch(/top \$ecret|A=o'ne/);
    expect(target.commands.at(-1)).toMatch(/^rm -rf '\/tmp\/goldsmith-ansible-001'\n?$/);
  });

  it('is ended when it takes too long, which Packer alone cannot do (S78)', async () => {
    target = await startSshTarget({ 'ansible-playbook': 'exec sleep 600' });
    const end = await buildOn(target, [step(1, playbook({ timeoutSeconds: 2 }))], { secret_1: 'x' });
    expect(end.exitCode).toBe(1);
    expect(end.errors).toContain('Cancelling provisioner after a timeout...');
    expect(end.errors.join('\n')).toContain('Non-zero exit status: 124');
  });

  it('fails where Ansible fails, and is tried again as often as it is told', async () => {
    target = await startSshTarget({
      'ansible-playbook': 'echo x >> "$HOME/tries"; . "$HOME/nothing" 2>/dev/null; exit 4',
    });
    const failed = await buildOn(target, [step(1, playbook({ retries: 1 }))], { secret_1: 'x' });
    expect(failed.exitCode).toBe(1);
    expect(await readFile(join(target.folder, 'tries'), 'utf8')).toBe('x\nx\n');
  });
});

describe('steps of Windows before the real Packer', () => {
  it('get their scripts as they are and every variable as it was written', async () => {
    await startWindows();
    const hostile = 'it\'s “$x” `n "Ä\n$(id) %PATH% \\';
    const batch = { ...windows, type: 'windows-shell' as const, script: '@echo off' };
    const secretEnvironment = { TOKEN: secret('secretEnvironment/TOKEN') };
    const steps: SnapshotStep[] = [
      step(1, powershell({ script: 'Write-Host 1', secretEnvironment }), { A: hostile }),
      step(2, { ...batch, id: 'prv_2', secretEnvironment }, { A: hostile }),
    ];
    const secrets = { secret_1: `“secret” ${hostile}`, secret_2: 'another $ecret' };
    const end = await buildOn(target, steps, secrets);
    expect([end.exitCode, ...markersOf(end)]).toEqual([0, 'begin 1', 'begin 2', 'end 2']);
    const texts = told(end);
    const first = texts.slice(texts.indexOf('begin 1'), texts.indexOf('begin 2'));
    const second = texts.slice(texts.indexOf('begin 2'));
    expect(first).toEqual(expect.arrayContaining(['runs script.ps1', 'text Write-Host 1']));
    expect(second).toEqual(expect.arrayContaining(['runs goldsmith-002.cmd', 'text @echo off']));
    const read = [first, second].map((lines) =>
      ['A', 'TOKEN', 'GOLDSMITH_STEP'].map((name) => variableIn(lines, name)),
    );
    expect(read).toEqual([
      [hostile, secrets.secret_1, '1'],
      [hostile, secrets.secret_2, '2'],
    ]);
    expect(target.commands.join('\n')).not.toMatch(/ecret|base64/);
  });

  it('take a broken connection for a success where it is expected (S111)', async () => {
    await startWindows({ ...WINDOWS, powershell: `${POWERSHELL}\nexit ${BREAK_CONNECTION}` });
    const script = 'Restart-Computer';
    const end = await buildOn(target, [step(1, powershell({ script, expectDisconnect: true }))]);
    expect([end.exitCode, ...markersOf(end)]).toEqual([0, 'begin 1', 'end 1']);
    const broken = await buildOn(target, [step(1, powershell({ script }))]);
    expect(broken.errors.join('\n')).toContain('Script exited with non-zero exit status: 2300218');
  });

  it('restart the machine and wait for it', async () => {
    await startWindows();
    const end = await buildOn(target, [
      step(1, { ...windows, type: 'windows-restart', restartTimeoutSeconds: 60 }),
      step(2, { ...windows, type: 'windows-restart', restartCommand: 'echo "my ${restart} %{x}"' }),
    ]);
    expect([end.exitCode, ...markersOf(end)]).toEqual([0, 'begin 1', 'begin 2', 'end 2']);
    expect(told(end)).toEqual(
      expect.arrayContaining([
        'shutdown /r /f /t 0 /c packer restart',
        'Machine successfully restarted, moving on',
      ]),
    );
    expect(target.commands.map((one) => one.trim())).toContain('echo "my ${restart} %{x}"');
  });
});
