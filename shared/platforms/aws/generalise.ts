import { generaliseScript } from '../generalise-script.ts';
import type { GeneraliseStep } from '../platform.ts';

/**
 * Sysprep by Amazon's own launch agent, so that machines made from the image get a password of their own and run user
 * data. Which agent is there is looked up, not guessed from the version of Windows: AMIs of 2016 and 2019 come with
 * either. Version 2: EC2 User Guide, "EC2Launch v2 settings", `reset` and `sysprep`, and "Windows 2022 Sysprep
 * Commands" of Packer's Amazon builder. Version 1: "Windows 2016 Sysprep Commands" there.
 */
export const awsGeneralise: GeneraliseStep = {
  name: 'Sysprep by EC2Launch',
  script: generaliseScript({
    synopsis: 'Makes a Windows machine in AWS ready to become an image, with sysprep by EC2Launch.',
    description: 'EC2Launch v2 is used where it is installed, else version 1.',
    lines: String.raw`
$agent = Join-Path -Path $env:ProgramFiles -ChildPath 'Amazon\EC2Launch\EC2Launch.exe'
$scripts = Join-Path -Path $env:ProgramData -ChildPath 'Amazon\EC2-Windows\Launch\Scripts'
$initialize = Join-Path -Path $scripts -ChildPath 'InitializeInstance.ps1'
$sysprep = Join-Path -Path $scripts -ChildPath 'SysprepInstance.ps1'

if (Test-Path -LiteralPath $agent -PathType Leaf) {
    Invoke-Program -Path $agent -Arguments @('reset', '--block')
    Invoke-Program -Path $agent -Arguments @('sysprep', '--shutdown=false', '--block')
}
elseif (Test-Path -LiteralPath $sysprep -PathType Leaf) {
    # In a PowerShell of their own: strict mode would reach into these scripts, and they are not made for it.
    $powershell = Join-Path -Path $PSHOME -ChildPath 'powershell.exe'
    $common = @('-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File')
    Invoke-Program -Path $powershell -Arguments ($common + @($initialize, '-Schedule'))
    Invoke-Program -Path $powershell -Arguments ($common + @($sysprep, '-NoShutdown'))
}
else {
    throw "EC2Launch is not installed: neither $agent nor $sysprep exists"
}
`,
  }),
};
