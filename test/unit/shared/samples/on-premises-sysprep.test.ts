import { describe, expect, it } from 'vitest';
import { onPremisesSysprep } from '../../../../shared/samples/scripts/on-premises-sysprep.ts';
import { parse, parseScript } from '../../../support/powershell-syntax.ts';
import { checks } from './on-premises-checks.ts';

/** Each point of the requirements, and what spoils it: a text of the script and what stands there instead. */
const points: [id: string, point: string, spoilers: [text: string | RegExp, instead: string][]][] = [
  [
    'S94',
    'cleans up and prepares Windows Server 2025',
    [
      [/Windows Server 2025/g, 'Windows'],
      ['    Remove-TemporaryFile\n', ''],
    ],
  ],
  [
    'S95',
    'stands on its own, with notes on liability and trademarks',
    [
      ['Liability: ', 'Note: '],
      ['Trademarks: ', 'Note: '],
      ['Start-Log\ntry', "Invoke-WebRequest -Uri 'https://example.com'\nStart-Log\ntry"],
    ],
  ],
  [
    'S96',
    'is strict, silent about progress and stops at errors',
    [
      ['Set-StrictMode -Version Latest\n', ''],
      ["$ErrorActionPreference = 'Stop'", "$ErrorActionPreference = 'Continue'"],
      ["$ProgressPreference = 'SilentlyContinue'\n", ''],
      ['Start-Log\ntry', "$ErrorActionPreference = 'Continue'\nStart-Log\ntry"],
    ],
  ],
  [
    'S97',
    'makes a folder for logs, or finds it there',
    [
      ["'C:\\goldsmith-logs'", "'C:\\logs'"],
      ['-Path $logFolder -Force | Out-Null', '-Path $logFolder | Out-Null'],
      ['    New-Item -ItemType Directory -Path $logFolder -Force | Out-Null\n', ''],
    ],
  ],
  [
    'S98',
    'writes a transcript named after itself and the time, and prints where',
    [
      ['yyyyMMdd-HHmmss', 'yyyyMMdd'],
      ['"$scriptName-$stamp.log"', '"sysprep-$stamp.log"'],
      ['        Write-Message "The transcript is $path"\n', ''],
      ['Start-Transcript -Path $path -Force', 'Start-Transcript -Path $logFolder -Force'],
    ],
  ],
  [
    'S99',
    'only warns when the transcript cannot be started',
    [
      [/(could not be started: .*) -Level WARNING/, '$1'],
      [/Write-Message "The transcript \$path could not be started.*/, 'throw'],
    ],
  ],
  [
    'S100',
    'puts the time before each message on the console',
    [
      ['yyyy-MM-dd HH:mm:ss', 'HH:mm:ss'],
      ['"$time [$Level] $Text"', '"[$Level] $Text"'],
      ["Write-Message 'sysprep is done'", "Write-Output 'sysprep is done'"],
    ],
  ],
  [
    'S101',
    'tells an unhandled error in full and exits with 1',
    [
      ['    Write-Message "Stack trace: $($_.ScriptStackTrace)" -Level ERROR\n', ''],
      [' | Format-List -Property * -Force', ''],
      ['"Unhandled error: $($_.Exception.Message)"', "'Unhandled error'"],
      ['    Stop-Log\n    exit 1\n}\n\n# What', '    exit 1\n}\n\n# What'],
      ['    Stop-Log\n    exit 1\n}\n\n# What', '    Stop-Log\n    continue\n}\n\n# What'],
      [/\ntrap \{.*?\n\}\n/s, '\n'],
    ],
  ],
  [
    'S102',
    'defragments drive C, and goes on when that fails',
    [
      ['-DriveLetter C -Defrag', '-DriveLetter D -Defrag'],
      [/(could not be defragmented: .*) -Level WARNING/, '$1'],
      [/(could not be defragmented: .*)/, '$1\n        throw'],
      ['    Optimize-SystemDrive\n\n', '\n'],
    ],
  ],
  [
    'S103',
    'ends the transcript before it starts sysprep',
    [
      ['    Stop-Log\n    $exitCode', '    $exitCode'],
      [/( {4}Stop-Log\n)( {4}\$exitCode = .*\n)/, '$2$1'],
      ['try { Stop-Transcript | Out-Null }', 'try { Get-Date | Out-Null }'],
      ['if (-not $script:transcriptRuns) { return }', 'if ($script:transcriptRuns) { return }'],
      ['        $script:transcriptRuns = $true\n', ''],
    ],
  ],
  [
    'S104',
    'starts sysprep.exe with /generalize /oobe, and says with what and what comes then',
    [
      ["@('/generalize', '/oobe')", "@('/oobe')"],
      ['System32\\Sysprep\\sysprep.exe', 'Sysprep\\sysprep.exe'],
      ['$arguments += $further', '$arguments = $further'],
      [" $($arguments -join ' ')", ''],
      ["    Write-Message 'The machine will shut down when sysprep is done'\n", ''],
      [' -ArgumentList $Arguments', ''],
    ],
  ],
  [
    'S105',
    'waits for sysprep and takes its exit code',
    [
      [' -Wait -PassThru', ' -PassThru'],
      [' -Wait -PassThru', ' -Wait'],
      ['$code = $process.ExitCode', '$code = 0'],
    ],
  ],
  [
    'S106',
    'takes the last exit code where there is none',
    [
      ['    if ($null -eq $code) { $code = $LASTEXITCODE }\n', ''],
      ['if ($null -eq $code)', 'if ($code)'],
      ['    return $code\n', ''],
      ['$global:LASTEXITCODE = 0\n', ''],
    ],
  ],
  [
    'S107',
    'makes an exit code of sysprep that is not zero its own, and tells it',
    [
      ['        exit $exitCode\n', ''],
      ['        exit $exitCode\n', '        exit 0\n'],
      ['if ($exitCode -ne 0)', 'if ($exitCode -gt 0)'],
      ['"sysprep failed with exit code $exitCode" -Level ERROR', '"sysprep failed"'],
    ],
  ],
  [
    'S108',
    'tells where sysprep.exe is missing and exits with 1',
    [
      ['"sysprep.exe is missing: $sysprep"', "'sysprep.exe is missing'"],
      [/(sysprep\.exe is missing.*\n {8}Stop-Log\n {8})exit 1/, '$1exit 0'],
      ['if (-not (Test-Path', 'if ((Test-Path'],
    ],
  ],
  [
    'S109',
    'tells any other error as critical, ends the transcript and raises it again',
    [
      [' -Level CRITICAL', ' -Level ERROR'],
      ['    Stop-Log\n    throw', '    throw'],
      ['    Stop-Log\n    throw', '    throw\n    Stop-Log'],
      ['    Stop-Log\n    throw\n', '    Stop-Log\n'],
      [/\ncatch \{(?=\n {4}Write-Message "Critical)/, '\ncatch [System.IO.IOException] {'],
    ],
  ],
];

const faultsOf = (id: string, text: string): string[] => {
  const faults = checks[id]?.(parseScript(text));
  if (faults === undefined) throw new Error(`no check of ${id}`);
  return faults;
};

describe('the on-premises example (S93)', () => {
  it.each(points)('%s: %s', (id) => {
    expect(faultsOf(id, onPremisesSysprep)).toEqual([]);
  });

  it('has a test of every point', () => {
    expect(points.map(([id]) => id)).toEqual(Object.keys(checks));
  });
});

describe('the test of each point', () => {
  const spoilers = points.flatMap(([id, , all]) =>
    all.map(([text, instead], place) => [`${id}, ${String(place + 1)}`, id, text, instead] as const),
  );

  it.each(spoilers)('fails for a script that lacks it (%s)', (_name, id, text, instead) => {
    const spoilt = onPremisesSysprep.replace(text, instead);
    expect(spoilt).not.toBe(onPremisesSysprep);
    expect(faultsOf(id, spoilt)).not.toEqual([]);
  });

  it('sees a text that is no PowerShell', () => {
    expect(() => parseScript(onPremisesSysprep.replace('try {', 'try'))).toThrow(/no PowerShell/);
    expect(parse("'ok'").root.hasError).toBe(false);
  });
});
