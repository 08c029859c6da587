/**
 * What the scripts that generalise Windows in a cloud have in common. They are published and run as they are, so they
 * stand on their own: each is this text around the few lines of its platform. All of it is ASCII, as Windows
 * PowerShell reads a file without a byte order mark in the code page of the machine.
 *
 * None of them switches the machine off, because Packer does: a machine that goes away by itself ends the connection,
 * and then nobody can tell a finished sysprep from a broken one. None writes a transcript either: the log of the run
 * holds every line, and a file would become part of the image.
 */

const head = (synopsis: string, description: string) => String.raw`<#
.SYNOPSIS
    ${synopsis}

.DESCRIPTION
    The last step of a Windows image that is built there. ${description}

    It leaves the machine running: whoever captures the image switches it off. Nothing may run on the machine after it.

    Exit codes: 0 when Windows says that it is generalised, that of the program that failed, or 1 for any other failure.
    After a failure the end of sysprep's own log is printed.
#>
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
`;

const FUNCTIONS = String.raw`
$generalised = 'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE'
# The step is ended after an hour. Giving up before that leaves the time to say why.
$deadline = (Get-Date).AddMinutes(50)

function Write-Message {
    param(
        [Parameter(Mandatory = $true)] [string] $Text,
        [ValidateSet('INFO', 'ERROR')] [string] $Level = 'INFO'
    )
    $time = Get-Date -Format 'yyyy-MM-dd HH:mm:ss'
    Write-Host "$time [$Level] $Text"
}

function Write-SysprepLog {
    $path = Join-Path -Path $env:SystemRoot -ChildPath 'System32\Sysprep\Panther\setuperr.log'
    if (-not (Test-Path -LiteralPath $path -PathType Leaf)) {
        Write-Message "Sysprep wrote no errors to $path"
        return
    }
    Write-Message "The end of $path" -Level ERROR
    Get-Content -LiteralPath $path -Tail 40 -ErrorAction SilentlyContinue | ForEach-Object { Write-Host $_ }
}

# Set by Windows Setup. A machine in use says IMAGE_STATE_COMPLETE.
function Get-ImageState {
    $key = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State'
    $state = Get-ItemProperty -LiteralPath $key -Name ImageState -ErrorAction SilentlyContinue
    if ($null -eq $state) { return 'unknown' }
    return $state.ImageState
}

# Runs a program to its end. A failure of it is the failure of the script.
function Invoke-Program {
    param(
        [Parameter(Mandatory = $true)] [string] $Path,
        [Parameter(Mandatory = $true)] [string[]] $Arguments
    )
    Write-Message "$Path $($Arguments -join ' ')"
    $process = Start-Process -FilePath $Path -ArgumentList $Arguments -NoNewWindow -PassThru
    # Windows PowerShell forgets the exit code of a process whose handle nobody has asked for.
    $null = $process.Handle
    $left = [int] [Math]::Max(0, ($deadline - (Get-Date)).TotalMilliseconds)
    if (-not $process.WaitForExit($left)) { throw "$Path did not end in time" }
    $exitCode = $process.ExitCode
    if ($exitCode -ne 0) {
        Write-Message "$Path failed with exit code $exitCode" -Level ERROR
        Write-SysprepLog
        exit $exitCode
    }
}

# Sysprep may still run when the program that started it has ended; what it leaves behind is what counts.
function Wait-Generalised {
    $patience = (Get-Date).AddMinutes(2)
    while ((Get-ImageState) -ne $generalised) {
        if (Get-Process -Name sysprep -ErrorAction SilentlyContinue) { $patience = (Get-Date).AddMinutes(2) }
        if ((Get-Date) -gt $deadline -or (Get-Date) -gt $patience) {
            throw "Sysprep has not generalised the machine: its state is $(Get-ImageState)"
        }
        Start-Sleep -Seconds 5
    }
}
`;

const indented = (lines: string) => lines.trim().replaceAll(/^(?=.)/gm, '    ');

const main = (lines: string) => String.raw`
try {
${indented(lines)}
    Wait-Generalised
    Write-Message 'The machine is generalised'
    exit 0
}
catch {
    Write-Message "The machine could not be generalised: $($_.Exception.Message)" -Level ERROR
    Write-Message "Stack trace: $($_.ScriptStackTrace)" -Level ERROR
    Write-SysprepLog
    exit 1
}
`;

/**
 * The script of a platform: `lines` start its sysprep with Invoke-Program and may throw; `synopsis` and `description`
 * are sentences of the script's help.
 */
export const generaliseScript = (parts: { synopsis: string; description: string; lines: string }): string =>
  head(parts.synopsis, parts.description) + FUNCTIONS + main(parts.lines);
