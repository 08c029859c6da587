/**
 * Startup script that lets Packer log in to a Windows machine: WinRM over TLS, with a certificate that the machine makes
 * itself. Images of Google have such a listener on port 5986 already (GoogleCloudPlatform/compute-image-windows,
 * sysprep/instance_setup.ps1, Configure-WinRM), which is left as it is; others, and other ports, get one. It runs at
 * every start of the machine. NTLM stays the way to log in, so that basic authentication need not be allowed.
 */
export const winrmStartupScript = (port: number): string => `$ErrorActionPreference = 'Stop'
Set-Service -Name WinRM -StartupType Automatic
Start-Service -Name WinRM
$listeners = @(Get-ChildItem -Path WSMan:\\localhost\\Listener | Where-Object { $_.Keys -contains 'Transport=HTTPS' })
$ports = @($listeners | ForEach-Object { (Get-Item -Path "WSMan:\\localhost\\Listener\\$($_.Name)\\Port").Value })
if ($ports -notcontains '${port}') {
    foreach ($listener in $listeners) {
        Remove-Item -Path "WSMan:\\localhost\\Listener\\$($listener.Name)" -Recurse
    }
    $certificate = New-SelfSignedCertificate -DnsName $env:COMPUTERNAME -CertStoreLocation Cert:\\LocalMachine\\My
    New-Item -Path WSMan:\\localhost\\Listener -Transport HTTPS -Address * -Port ${port} -CertificateThumbPrint $certificate.Thumbprint -Force
}
Set-Item -Path WSMan:\\localhost\\Shell\\MaxMemoryPerShellMB -Value 2048
$rule = 'Goldsmith build (WinRM over TLS)'
if (-not (Get-NetFirewallRule -DisplayName $rule -ErrorAction SilentlyContinue)) {
    New-NetFirewallRule -DisplayName $rule -Direction Inbound -Action Allow -Protocol TCP -LocalPort ${port}
}
`;
