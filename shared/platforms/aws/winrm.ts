/** Port of WinRM over TLS. */
export const WINRM_TLS_PORT = 5986;

/**
 * User data that lets Packer log in to a Windows machine: WinRM over TLS only, with a certificate that the machine
 * makes itself. NTLM stays the way to log in, so that basic authentication need not be allowed in the image.
 */
export const winrmUserData = (port: number): string => `<powershell>
$ErrorActionPreference = 'Stop'
Get-ChildItem WSMan:\\localhost\\Listener | Remove-Item -Recurse
$certificate = New-SelfSignedCertificate -DnsName $env:COMPUTERNAME -CertStoreLocation Cert:\\LocalMachine\\My
New-Item -Path WSMan:\\localhost\\Listener -Transport HTTPS -Address * -Port ${port} -CertificateThumbPrint $certificate.Thumbprint -Force
Set-Item WSMan:\\localhost\\Shell\\MaxMemoryPerShellMB 2048
New-NetFirewallRule -DisplayName 'Goldsmith build (WinRM over TLS)' -Direction Inbound -Action Allow -Protocol TCP -LocalPort ${port}
Set-Service WinRM -StartupType Automatic
Restart-Service WinRM
</powershell>
`;
