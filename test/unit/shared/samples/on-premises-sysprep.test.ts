import { describe, expect, test } from 'vitest';
import { newId } from '../../../../shared/runtime/ids.ts';
import { makeSamples } from '../../../../shared/samples/index.ts';
import { onPremisesSysprep as script } from '../../../../shared/samples/scripts/on-premises-sysprep.ts';

/**
 * There is no PowerShell where these tests run: they look at the text, at its parts in their order. That it does what
 * it says on a Windows machine they do not show.
 */

const lines = script.split('\n');
const code = script.slice(script.indexOf('#>') + 2);
/** The text between the braces that follow `head`. */
const bodyOf = (head: string, text = code): string => {
  expect(text).toContain(head);
  const start = text.indexOf('{', text.indexOf(head) + head.length - 1);
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    if (text[at] === '}') depth -= 1;
    if (depth === 0) return text.slice(start + 1, at);
  }
  throw new Error(`${head} has no end`);
};
/** Those that do not stand in the text after the one before. */
const outOfOrder = (text: string, ...parts: string[]): string[] => {
  let at = 0;
  return parts.filter((part) => {
    const found = text.indexOf(part, at);
    if (found >= 0) at = found + part.length;
    return found < 0;
  });
};
const main = code.slice(code.indexOf('\nStart-Log\n'));
const mainTry = bodyOf('try {', main);
const mainCatch = bodyOf('\ncatch {', main);
const trap = bodyOf('\ntrap {');

describe('the sysprep example for on-premises', () => {
  test('is a step of a sample role, inline and as it stands (S93)', () => {
    const steps = makeSamples(newId).flatMap((sample) =>
      sample.kind === 'provisioner' ? [sample.input] : [],
    );
    const [step] = steps.filter((one) => one.type === 'powershell');
    expect(step?.script).toBe(script);
    expect(step?.environment).toEqual({ SYSPREP_SWITCHES: '/quiet /quit' });
  });

  test('cleans up for the last time and is written for Windows Server 2025 (S94)', () => {
    expect(script).toContain('Windows Server 2025');
    expect(outOfOrder(mainTry, 'Remove-TemporaryFile', 'Optimize-SystemDrive', 'Invoke-Sysprep')).toEqual([]);
  });

  test('needs nothing of Goldsmith, and carries notes on liability and trademarks (S95)', () => {
    const notes = script.slice(0, script.indexOf('#>'));
    expect(notes).toMatch(/Liability: .*as is, without warranty of any kind/s);
    expect(notes).toMatch(/liable for any claim/);
    expect(notes).toMatch(
      /Trademarks: .*Windows Server and PowerShell are trademarks of the Microsoft group/s,
    );
    expect(code).not.toMatch(/GOLDSMITH_|Import-Module|#Requires/i);
  });

  test('is strict, shows no progress and ends at any error (S96)', () => {
    expect(
      outOfOrder(
        code,
        'Set-StrictMode -Version Latest',
        "$ErrorActionPreference = 'Stop'",
        "$ProgressPreference = 'SilentlyContinue'",
        'function ',
      ),
    ).toEqual([]);
  });

  test('makes its log folder, also when it is there (S97)', () => {
    expect(code).toContain("$logFolder = 'C:\\goldsmith-logs'\n");
    expect(bodyOf('function Start-Log')).toContain('New-Item -ItemType Directory -Path $logFolder -Force');
  });

  test('names its transcript after itself and the time, and prints where it is (S98)', () => {
    expect(code).toContain('GetFileNameWithoutExtension($PSCommandPath)');
    expect(
      outOfOrder(
        bodyOf('function Start-Log'),
        "Get-Date -Format 'yyyyMMdd-HHmmss'",
        'Join-Path -Path $logFolder -ChildPath "$scriptName-$stamp.log"',
        'Start-Transcript -Path $path',
        'Write-Message "The transcript is $path"',
      ),
    ).toEqual([]);
  });

  test('only warns when there can be no transcript (S99)', () => {
    const caught = bodyOf('catch {', bodyOf('function Start-Log'));
    expect(caught).toContain('-Level WARNING');
    expect(caught).not.toMatch(/throw|exit/);
  });

  test('writes to the console with a time stamp (S100)', () => {
    expect(
      outOfOrder(
        bodyOf('function Write-Message'),
        "$time = Get-Date -Format 'yyyy-MM-dd HH:mm:ss'",
        'Write-Host "$time [$Level] $Text"',
      ),
    ).toEqual([]);
    const others = lines.filter((line) => /Write-(Host|Output|Warning|Error|Verbose)/.test(line));
    expect(others).toHaveLength(1);
  });

  test('tells message, stack trace and the whole of an error that nothing caught, ends the transcript, exits with 1 (S101)', () => {
    expect(
      outOfOrder(
        trap,
        '$_.Exception.Message',
        '$_.ScriptStackTrace',
        '$_.Exception | Format-List -Property * -Force',
        'Stop-Log',
        'exit 1',
      ),
    ).toEqual([]);
  });

  test('defragments drive C and goes on when it cannot (S102)', () => {
    const step = bodyOf('function Optimize-SystemDrive');
    expect(bodyOf('try {', step)).toContain('Optimize-Volume -DriveLetter C -Defrag');
    expect(bodyOf('catch {', step)).toContain('-Level WARNING');
    expect(bodyOf('catch {', step)).not.toMatch(/throw|exit/);
  });

  test('ends its transcript before sysprep starts (S103)', () => {
    const before = mainTry.slice(0, mainTry.indexOf('Invoke-Sysprep -Path'));
    expect(before.trimEnd()).toMatch(/Stop-Log\n\s+\$exitCode =$/);
    expect(bodyOf('function Stop-Log')).toContain('Stop-Transcript');
  });

  test('starts System32\\Sysprep\\sysprep.exe with /generalize /oobe, says so and that the machine shuts down (S104)', () => {
    expect(
      outOfOrder(
        mainTry,
        "Join-Path -Path $env:SystemRoot -ChildPath 'System32\\Sysprep\\sysprep.exe'",
        "$arguments = @('/generalize', '/oobe')\n",
        '$sysprep $($arguments -join',
        'The machine will shut down',
        'Invoke-Sysprep -Path $sysprep -Arguments $arguments',
      ),
    ).toEqual([]);
    const given = [...mainTry.matchAll(/\$arguments \+?= .*/g)].map(([line]) => line);
    expect(given).toEqual([
      "$arguments = @('/generalize', '/oobe')",
      "$arguments += $further.Trim() -split '\\s+' }",
    ]);
    expect(
      outOfOrder(mainTry, "GetEnvironmentVariable('SYSPREP_SWITCHES')", 'if ($further) { $arguments +='),
    ).toEqual([]);
  });

  test('waits for sysprep and takes its exit code, or the last one when it has none (S105, S106)', () => {
    expect(
      outOfOrder(
        bodyOf('function Invoke-Sysprep'),
        'Start-Process -FilePath $Path -ArgumentList $Arguments -Wait -PassThru',
        '$code = $process.ExitCode',
        'if ($null -eq $code) { $code = $LASTEXITCODE }',
        'return $code',
      ),
    ).toEqual([]);
    expect(outOfOrder(code, '$global:LASTEXITCODE = 0', '\nStart-Log\n')).toEqual([]);
  });

  test('says that sysprep failed and ends with its exit code (S107)', () => {
    const failed = bodyOf('if ($exitCode -ne 0) {', mainTry);
    expect(outOfOrder(failed, 'exit code $exitCode" -Level ERROR', 'exit $exitCode')).toEqual([]);
  });

  test('says where it looked for a sysprep.exe that is not there, and exits with 1 (S108)', () => {
    const missing = bodyOf('-PathType Leaf)) {', mainTry);
    expect(
      outOfOrder(missing, 'sysprep.exe is missing: $sysprep" -Level ERROR', 'Stop-Log', 'exit 1'),
    ).toEqual([]);
  });

  test('tells any other error as critical, ends the transcript and raises it again (S109)', () => {
    expect(outOfOrder(mainCatch, '-Level CRITICAL', 'Stop-Log', 'throw')).toEqual([]);
    expect(mainCatch).not.toContain('exit');
  });

  test('is plain text with balanced braces and quotes, and nothing that a template or a paste would change', () => {
    expect(script).toMatch(/^[\t\n\x20-\x7e]*$/);
    expect(script).not.toMatch(/`|\{\{|\}\}/);
    const bare = code.replaceAll(/#[^\n]*/g, '').replaceAll(/'[^'\n]*'/g, '');
    for (const [open, close] of ['{}', '()', '[]'].map((pair) => pair.split('')))
      expect([open, bare.split(open ?? '').length]).toEqual([open, bare.split(close ?? '').length]);
    expect(bare.split('"').length % 2).toBe(1);
  });
});
