import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { windowsEnvironment } from '../../../../shared/packer/provisioners/windows-environment.ts';
import { awsGeneralise } from '../../../../shared/platforms/aws/generalise.ts';
import { winrmUserData } from '../../../../shared/platforms/aws/winrm.ts';
import { azureGeneralise } from '../../../../shared/platforms/azure/generalise.ts';
import { gcpGeneralise } from '../../../../shared/platforms/gcp/generalise.ts';
import { winrmStartupScript } from '../../../../shared/platforms/gcp/winrm.ts';
import { withGeneralise } from '../../../../shared/platforms/generalise.ts';
import { sampleSteps } from '../../../../shared/samples/provisioners.ts';
import { parse, parseScript } from '../../../support/powershell-syntax.ts';
import { windowsSnapshot } from '../packer/fixtures.ts';
import { callsOf, generalFaults, generaliseFaults, stepFaults } from './generalise-checks.ts';

const generalise = { aws: awsGeneralise.script, azure: azureGeneralise.script, gcp: gcpGeneralise.script };
const clouds: (readonly [string, string])[] = Object.entries(generalise);
const limit = withGeneralise(windowsSnapshot()).steps.at(-1)?.provisioner.timeoutSeconds ?? 0;
const samples = Object.values(sampleSteps((kind) => `${kind}_1`)).flatMap(({ input }) =>
  'type' in input && input.type === 'powershell' && input.script !== undefined
    ? [[input.name, input.script] as const]
    : [],
);

const texts: (readonly [string, string])[] = [
  ['user data of AWS', winrmUserData(5986).replaceAll(/<\/?powershell>/g, '')],
  ['startup script of Google Cloud', winrmStartupScript(5986)],
  ...clouds,
  ...samples,
];

describe('every PowerShell text of ours', () => {
  it.each(texts)(
    'is well-formed, strict about errors, quiet, and holds nothing of anybody: %s',
    (_name, text) => {
      expect(generalFaults(parse(text))).toEqual([]);
    },
  );

  it.each([...clouds, ...samples])('ends in every case as a step must: %s', (_name, text) => {
    expect(stepFaults(parseScript(text))).toEqual([]);
  });

  it('is well-formed where a step gets its environment from it', () => {
    const { env_var_format: format } = windowsEnvironment({ environment: {}, secretEnvironment: {} });
    const text = z.string().parse(format).replace('%s', 'NAME').replace('%s', 'base64:w6Q=');
    expect(() => parseScript(text)).not.toThrow();
  });

  it('is looked at', () => {
    expect(samples).toHaveLength(1);
  });
});

describe('the scripts that generalise Windows in a cloud (S85)', () => {
  it.each(clouds)('wait, with an end, until Windows says so: %s', (_name, text) => {
    expect(generaliseFaults(text, limit)).toEqual([]);
  });

  it('of AWS runs the launch agent that is there, and leaves the machine on', () => {
    expect(callsOf(generalise.aws)).toEqual([
      "Invoke-Program -Path $agent -Arguments @('reset', '--block') then " +
        "Invoke-Program -Path $agent -Arguments @('sysprep', '--shutdown=false', '--block')",
      "Invoke-Program -Path $powershell -Arguments ($common + @($initialize, '-Schedule')) then " +
        "Invoke-Program -Path $powershell -Arguments ($common + @($sysprep, '-NoShutdown'))",
    ]);
    expect(generalise.aws).toMatch(/else \{\s+throw "EC2Launch is not installed/);
  });

  it('of Azure waits for the guest agent, with an end, and starts sysprep', () => {
    expect(callsOf(generalise.azure)).toEqual([
      "Invoke-Program -Path $sysprep -Arguments @('/oobe', '/generalize', '/quiet', '/quit')",
    ]);
    expect(generalise.azure).toContain("WaitForStatus('Running', [TimeSpan]::FromMinutes(10))");
  });

  it('of Google Cloud runs GCESysprep where it is, and says so where it is not', () => {
    expect(callsOf(generalise.gcp)).toEqual(["Invoke-Program -Path $gceSysprep -Arguments @('-NoShutdown')"]);
    expect(generalise.gcp).toContain('throw "GCESysprep is not installed');
  });
});

describe('these tests', () => {
  const spoilers: [text: string | RegExp, instead: string][] = [
    ['Set-StrictMode -Version Latest\n', ''],
    ["$ErrorActionPreference = 'Stop'", "$ErrorActionPreference = 'Continue'"],
    ["$ProgressPreference = 'SilentlyContinue'\n", ''],
    ['.AddMinutes(50)', '.AddMinutes(60)'],
    ['    Wait-Generalised\n    Write', '    Write'],
    ['IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE', 'IMAGE_STATE_COMPLETE'],
    ['(Get-ImageState) -ne $generalised', '$false'],
    [/throw "Sysprep has not.*"/, 'Write-Message "waiting"'],
    ['.WaitForExit($left)', '.WaitForExit()'],
    [' -NoNewWindow', ''],
    ['    $null = $process.Handle\n', ''],
    ['        exit $exitCode\n', ''],
    ['        exit $exitCode\n', '        exit 0\n'],
    ['    Write-SysprepLog\n    exit 1', '    exit 1'],
    ['        Write-SysprepLog\n        exit', '        exit'],
    ['    exit 0\n}\ncatch', '}\ncatch'],
    ['    exit 0\n}\ncatch', '    Stop-Computer -Force\n    exit 0\n}\ncatch'],
    ['    exit 0\n}\ncatch', "    Write-Progress -Activity 'x'\n    exit 0\n}\ncatch"],
    ["Write-Message 'The machine is generalised'", "Write-Message 'Fini \u2013 ok'"],
    ["Write-Message 'The machine is generalised'", "$password = 'x'"],
    ["Write-Message 'The machine is generalised'", 'iex $text'],
    ["Write-Message 'The machine is generalised'", 'Start-Transcript -Path x'],
  ];
  const cases = clouds.flatMap(([name, text]) =>
    spoilers.map(
      ([wanted, instead], place) => [`${name}, ${String(place + 1)}`, text, wanted, instead] as const,
    ),
  );

  it.each(cases)('fail for a script that is spoilt (%s)', (_name, text, wanted, instead) => {
    const spoilt = text.replace(wanted, instead);
    expect(spoilt).not.toBe(text);
    expect(generaliseFaults(spoilt, limit)).not.toEqual([]);
  });
});
