import { generaliseScript } from '../generalise-script.ts';
import type { GeneraliseStep } from '../platform.ts';

/**
 * Sysprep as "Deprovision" of Packer's Azure builder describes it: the services of the guest agent take part in it and
 * must run before it starts; what it leaves behind is read from the registry, as sysprep can wait for ever. Without
 * `/mode:vm`: it is for machines that never leave their kind of hardware, and an image is used on many.
 */
export const azureGeneralise: GeneraliseStep = {
  name: 'Sysprep for Azure',
  script: generaliseScript({
    synopsis: 'Makes a Windows machine in Azure ready to become an image, with sysprep.',
    description: 'It waits for the guest agent of Azure first, which takes part in it.',
    lines: String.raw`
if ((Get-ImageState) -eq $generalised) {
    Write-Message 'The machine was generalised before'
    exit 0
}
$agent = @('RdAgent', 'WindowsAzureTelemetryService', 'WindowsAzureGuestAgent')
foreach ($service in (Get-Service -Name $agent -ErrorAction SilentlyContinue)) {
    Write-Message "Waiting for the service $($service.Name)"
    $service.WaitForStatus('Running', [TimeSpan]::FromMinutes(10))
}
$sysprep = Join-Path -Path $env:SystemRoot -ChildPath 'System32\Sysprep\Sysprep.exe'
Invoke-Program -Path $sysprep -Arguments @('/oobe', '/generalize', '/quiet', '/quit')
`,
  }),
};
