/**
 * The last step of a Windows image that is built on-premises: final clean-up, then sysprep (S93 to S109). It stands on
 * its own, so that it can be used without Goldsmith (S95). It holds no backtick and no dollar sign before a brace, so
 * that it can stand in this file as it is.
 */
export const onPremisesSysprep = String.raw`<#
.SYNOPSIS
    Example: final clean-up of Windows Server 2025 (or 2022), then sysprep.

.DESCRIPTION
    The last step of a Windows image that is built on-premises. It removes old temporary files, defragments drive C
    and starts sysprep with /generalize /oobe. Nothing may run on the machine after it. A transcript lies in C:\goldsmith-logs.

    Without a further switch sysprep itself restarts or shuts down the machine when it is done. A tool that switches the
    machine off by itself, such as Packer, needs /quiet /quit as well: else the machine may start again, and is no
    longer generalised, before it is captured; and a window would wait for a user who is not there. Such switches are
    taken from the environment variable SYSPREP_SWITCHES, separated by spaces:

        SYSPREP_SWITCHES = /quiet /quit        the tool switches the machine off
        SYSPREP_SWITCHES = /quiet /shutdown    sysprep does, and the tool must expect the connection to end

    Exit codes: 0, that of sysprep, or 1 for any other failure.

.NOTES
    Liability: this is an example. It is provided as is, without warranty of any kind, express or implied, among them
    fitness for a particular purpose. Whoever runs it is responsible for what it does: it removes the identity of the
    machine that it runs on. Read it, adapt it and try it on a machine that you can lose. In no event are its authors
    liable for any claim, damage or loss of data. It may be used, changed and passed on with or without Goldsmith.

    Trademarks: Microsoft, Windows, Windows Server and PowerShell are trademarks of the Microsoft group of companies.
    Packer is a trademark of HashiCorp, an IBM company. They are named only to say what this script is for; their owners have nothing
    to do with it and do not endorse it.
#>
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$logFolder = 'C:\goldsmith-logs'
$scriptName = 'on-premises-sysprep'
if ($PSCommandPath) { $scriptName = [System.IO.Path]::GetFileNameWithoutExtension($PSCommandPath) }
$script:transcriptRuns = $false

function Write-Message {
    param(
        [Parameter(Mandatory = $true)] [string] $Text,
        [ValidateSet('INFO', 'WARNING', 'ERROR', 'CRITICAL')] [string] $Level = 'INFO'
    )
    $time = Get-Date -Format 'yyyy-MM-dd HH:mm:ss'
    Write-Host "$time [$Level] $Text"
}

function Start-Log {
    New-Item -ItemType Directory -Path $logFolder -Force | Out-Null
    $stamp = Get-Date -Format 'yyyyMMdd-HHmmss'
    $path = Join-Path -Path $logFolder -ChildPath "$scriptName-$stamp.log"
    try {
        Start-Transcript -Path $path -Force | Out-Null
        $script:transcriptRuns = $true
        Write-Message "The transcript is $path"
    }
    catch {
        Write-Message "The transcript $path could not be started: $($_.Exception.Message)" -Level WARNING
    }
}

function Stop-Log {
    if (-not $script:transcriptRuns) { return }
    $script:transcriptRuns = $false
    try { Stop-Transcript | Out-Null }
    catch { Write-Message "The transcript could not be ended: $($_.Exception.Message)" -Level WARNING }
}

# What nobody below has caught: told in full, and the run fails.
trap {
    Write-Message "Unhandled error: $($_.Exception.Message)" -Level ERROR
    Write-Message "Stack trace: $($_.ScriptStackTrace)" -Level ERROR
    Write-Message "Exception: $($_.Exception | Format-List -Property * -Force | Out-String)" -Level ERROR
    Stop-Log
    exit 1
}

# What was written within the last hour stays: the tool that runs this script may have put it there.
function Remove-TemporaryFile {
    try {
        $before = (Get-Date).AddHours(-1)
        foreach ($folder in @((Join-Path -Path $env:SystemRoot -ChildPath 'Temp'), $env:TEMP)) {
            Get-ChildItem -LiteralPath $folder -Recurse -Force -File -ErrorAction SilentlyContinue |
                Where-Object { $_.LastWriteTime -lt $before } |
                Remove-Item -Force -ErrorAction SilentlyContinue
        }
        Write-Message 'Old temporary files are removed'
    }
    catch {
        Write-Message "Temporary files could not be removed: $($_.Exception.Message)" -Level WARNING
    }
}

function Optimize-SystemDrive {
    try {
        Write-Message 'Drive C is being defragmented'
        Optimize-Volume -DriveLetter C -Defrag
        Write-Message 'Drive C is defragmented'
    }
    catch {
        Write-Message "Drive C could not be defragmented: $($_.Exception.Message)" -Level WARNING
    }
}

function Invoke-Sysprep {
    param(
        [Parameter(Mandatory = $true)] [string] $Path,
        [Parameter(Mandatory = $true)] [string[]] $Arguments
    )
    $process = Start-Process -FilePath $Path -ArgumentList $Arguments -Wait -PassThru
    $code = $process.ExitCode
    if ($null -eq $code) { $code = $LASTEXITCODE }
    return $code
}

# Strict mode refuses to read it before a program has set it.
$global:LASTEXITCODE = 0

Start-Log
try {
    Remove-TemporaryFile
    Optimize-SystemDrive

    $sysprep = Join-Path -Path $env:SystemRoot -ChildPath 'System32\Sysprep\sysprep.exe'
    if (-not (Test-Path -LiteralPath $sysprep -PathType Leaf)) {
        Write-Message "sysprep.exe is missing: $sysprep" -Level ERROR
        Stop-Log
        exit 1
    }

    $arguments = @('/generalize', '/oobe')
    $further = [System.Environment]::GetEnvironmentVariable('SYSPREP_SWITCHES')
    if ($further) { $arguments += $further.Trim() -split '\s+' }
    Write-Message "sysprep is started: $sysprep $($arguments -join ' ')"
    Write-Message 'The machine will shut down when sysprep is done'

    # Sysprep must not meet an open file of ours.
    Stop-Log
    $exitCode = Invoke-Sysprep -Path $sysprep -Arguments $arguments
    if ($exitCode -ne 0) {
        Write-Message "sysprep failed with exit code $exitCode" -Level ERROR
        Write-Message "Its logs are $(Join-Path -Path $env:SystemRoot -ChildPath 'System32\Sysprep\Panther')" -Level ERROR
        exit $exitCode
    }
    Write-Message 'sysprep is done'
}
catch {
    Write-Message "Critical error: $($_.Exception.Message)" -Level CRITICAL
    Stop-Log
    throw
}
exit 0
`;
