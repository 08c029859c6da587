import { generaliseScript } from '../generalise-script.ts';
import type { GeneraliseStep } from '../platform.ts';

/**
 * Sysprep by Google's own GCESysprep, which also arranges the first boot of the machines that are made from the image.
 * `-NoShutdown` and the place of the program: GoogleCloudPlatform/compute-image-windows, `sysprep/sysprep.ps1` and
 * `sysprep/gcesysprep.bat`. It waits for sysprep without an end, so that its time is limited here.
 */
export const gcpGeneralise: GeneraliseStep = {
  name: 'GCESysprep',
  script: generaliseScript({
    synopsis: 'Makes a Windows machine in Google Cloud ready to become an image, with sysprep by GCESysprep.',
    description: 'GCESysprep comes with the images of Google.',
    lines: String.raw`
$gceSysprep = Join-Path -Path $env:ProgramFiles -ChildPath 'Google\Compute Engine\sysprep\gcesysprep.bat'
if (-not (Test-Path -LiteralPath $gceSysprep -PathType Leaf)) {
    throw "GCESysprep is not installed: $gceSysprep does not exist"
}
Invoke-Program -Path $gceSysprep -Arguments @('-NoShutdown')
`,
  }),
};
