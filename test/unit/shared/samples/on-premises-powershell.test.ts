import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onPremisesSysprep } from '../../../../shared/samples/scripts/on-premises-sysprep.ts';

/** PowerShell, where it is on the PATH. Its place is given away by the name of the tests where it is not. */
const pwsh = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => [join(folder, 'pwsh'), join(folder, 'pwsh.exe')])
  .find((file) => existsSync(file));
const where = pwsh === undefined ? 'skipped: there is no pwsh on the PATH' : `by ${pwsh}`;

/**
 * Stands in for what only a Windows machine has, and says what it was called with. A function wins over the command of
 * the same name. `FAILS` names what fails, `CODE` is the exit code of sysprep, `LAST` that of the last program.
 */
const STAND_INS = String.raw`
function Show { param($Name, $With) Write-Host "CALL $Name $($With -join ' ')"; if ($env:FAILS -eq $Name) { throw "$Name is broken" } }
function New-Item { Show 'New-Item' $args }
function Start-Transcript { Show 'Start-Transcript' $args }
function Stop-Transcript { Show 'Stop-Transcript' $args }
function Get-ChildItem { Show 'Get-ChildItem' $args }
function Optimize-Volume { Show 'Optimize-Volume' $args }
function Join-Path { param($Path, $ChildPath) "$Path\$ChildPath" }
function Test-Path { param($LiteralPath, $PathType) $env:FAILS -ne 'Test-Path' }
function Start-Process {
    param($FilePath, $ArgumentList, [switch] $Wait, [switch] $PassThru)
    Show 'Start-Process' (@($FilePath) + $ArgumentList + @("wait=$Wait", "passthru=$PassThru"))
    if ($env:LAST) { $global:LASTEXITCODE = [int] $env:LAST }
    $code = $null
    if ($env:CODE -ne 'none') { $code = [int] $env:CODE }
    return [pscustomobject] @{ ExitCode = $code }
}
`;

type Given = { FAILS?: string; CODE?: string; LAST?: string; SYSPREP_SWITCHES?: string };

describe.skipIf(pwsh === undefined)(`the on-premises example in real PowerShell (${where})`, () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sysprep-'));
    writeFileSync(join(folder, 'stand-ins.ps1'), STAND_INS);
    writeFileSync(join(folder, 'my-sysprep.ps1'), onPremisesSysprep);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Exit code and lines of one run, started as Packer starts a script. */
  const run = (given: Given = {}) => {
    const command = `& { . '${join(folder, 'stand-ins.ps1')}'; & '${join(folder, 'my-sysprep.ps1')}'; exit $LastExitCode }`;
    const { status, stdout } = spawnSync(pwsh ?? '', ['-NoProfile', '-NonInteractive', '-Command', command], {
      encoding: 'utf8',
      env: { ...process.env, SystemRoot: 'C:\\Windows', TEMP: 'C:\\Temp', CODE: '0', ...given },
    });
    return { status, lines: stdout.split(/\r?\n/) };
  };
  const calls = (lines: string[]) =>
    lines.filter((line) => line.startsWith('CALL ')).map((line) => line.slice(5));
  const find = (lines: string[], words: RegExp) => lines.findIndex((line) => words.test(line));

  it('makes the folder, writes a transcript, defragments, ends it and starts sysprep (S97, S98, S102–S105)', () => {
    const { status, lines } = run();
    expect(status).toBe(0);
    const made = calls(lines).filter((line) => !line.startsWith('Get-ChildItem'));
    expect(made).toEqual([
      'New-Item -ItemType Directory -Path C:\\goldsmith-logs -Force',
      expect.stringMatching(
        /^Start-Transcript -Path C:\\goldsmith-logs\\my-sysprep-\d{8}-\d{6}\.log -Force$/,
      ),
      'Optimize-Volume -DriveLetter C -Defrag',
      'Stop-Transcript ',
      'Start-Process C:\\Windows\\System32\\Sysprep\\sysprep.exe /generalize /oobe wait=True passthru=True',
    ]);
    const told = lines.filter((line) => line !== '' && !line.startsWith('CALL '));
    expect(told.every((line) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[\w+\] ./.test(line))).toBe(true);
    expect(find(lines, /will shut down/)).toBeLessThan(find(lines, /CALL Start-Process/));
  });

  it('hands further switches on (S104)', () => {
    expect(calls(run({ SYSPREP_SWITCHES: ' /quiet  /quit ' }).lines).at(-1)).toContain(
      '/generalize /oobe /quiet /quit wait',
    );
  });

  it.each([
    ['Start-Transcript', /WARNING\] The transcript .* could not be started: Start-Transcript is broken/],
    ['Optimize-Volume', /WARNING\] Drive C could not be defragmented: Optimize-Volume is broken/],
    ['Stop-Transcript', /WARNING\] The transcript could not be ended: Stop-Transcript is broken/],
  ])('only warns when %s fails, and starts sysprep (S99, S102)', (FAILS, warning) => {
    const { status, lines } = run({ FAILS });
    expect(status).toBe(0);
    expect(find(lines, warning)).toBeGreaterThanOrEqual(0);
    expect(calls(lines).at(-1)).toMatch(/^Start-Process/);
  });

  it.each([
    [{ CODE: '5' }, 5],
    [{ CODE: 'none', LAST: '7' }, 7],
    [{ CODE: 'none' }, 0],
  ])('ends with the exit code of sysprep, else with the last one: %o (S106, S107)', (given, status) => {
    const ended = run(given);
    expect(ended.status).toBe(status);
    expect(
      find(ended.lines, new RegExp(`ERROR\\] sysprep failed with exit code ${String(status)}`)) >= 0,
    ).toBe(status !== 0);
  });

  it('tells that sysprep.exe is missing, and exits with 1 (S108)', () => {
    const { status, lines } = run({ FAILS: 'Test-Path' });
    expect(status).toBe(1);
    expect(
      find(lines, /ERROR\] sysprep\.exe is missing: C:\\Windows\\System32\\Sysprep\\sysprep\.exe/),
    ).toBeGreaterThan(0);
    expect(calls(lines).at(-1)).toBe('Stop-Transcript ');
  });

  it('tells any other error as critical, ends the transcript and fails (S109, S101)', () => {
    const { status, lines } = run({ FAILS: 'Start-Process' });
    expect(status).toBe(1);
    expect(find(lines, /CRITICAL\] Critical error: Start-Process is broken/)).toBeGreaterThan(0);
    expect(find(lines, /ERROR\] Unhandled error: Start-Process is broken/)).toBeGreaterThan(0);
    expect(calls(lines)).toContain('Stop-Transcript ');
  });

  it('tells what nobody has caught in full, and exits with 1 (S101)', () => {
    const { status, lines } = run({ FAILS: 'New-Item' });
    expect(status).toBe(1);
    for (const words of [/Unhandled error: New-Item is broken/, /Stack trace: /, /Exception: /])
      expect(find(lines, words)).toBeGreaterThanOrEqual(0);
  });
});
