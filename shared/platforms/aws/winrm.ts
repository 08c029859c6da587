/** Port of WinRM over TLS. */
export const WINRM_TLS_PORT = 5986;

/**
 * User data that lets Packer log in to a Windows machine: WinRM over TLS only, with a certificate that the machine
 * makes itself. NTLM stays the way to log in, so that basic authentication need not be allowed in the image. EC2Launch
 * runs it once, after it has made the password. The firewall is opened last, so that nobody gets a connection that the
 * restart of the service ends; a machine whose base image was built like this has it open from there, until the rule
 * is removed.
 */
export const winrmUserData = (port: number): string => `<powershell>
$ErrorActionPreference = 'Stop'
$rule = 'Goldsmith build (WinRM over TLS)'
Get-NetFirewallRule -DisplayName $rule -ErrorAction SilentlyContinue | Remove-NetFirewallRule
Set-Service -Name WinRM -StartupType Automatic
Start-Service -Name WinRM
Get-ChildItem -Path WSMan:\\localhost\\Listener | Remove-Item -Recurse
$certificate = New-SelfSignedCertificate -DnsName $env:COMPUTERNAME -CertStoreLocation Cert:\\LocalMachine\\My -NotAfter (Get-Date).AddDays(7)
New-Item -Path WSMan:\\localhost\\Listener -Transport HTTPS -Address * -Port ${port} -CertificateThumbPrint $certificate.Thumbprint -Force
Set-Item -Path WSMan:\\localhost\\Shell\\MaxMemoryPerShellMB -Value 2048
Restart-Service -Name WinRM
New-NetFirewallRule -DisplayName $rule -Direction Inbound -Action Allow -Protocol TCP -LocalPort ${port}
</powershell>
`;
