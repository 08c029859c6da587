import type { Rule } from './rule.ts';

/** What Packer and its provisioners say themselves, whatever the platform. */
export const packerRules: readonly Rule[] = [
  {
    errorId: 'script-failed',
    pattern: /Script exited with non-zero exit status: (?<exitCode>-?\d{1,10})/,
    last: true,
    inStep: true,
  },
  {
    errorId: 'ansible-failed',
    pattern:
      /Error executing Ansible( Galaxy)?: Non-zero exit status: (exit status )?(?<exitCode>-?\d{1,10})|Error executing Ansible/,
    last: true,
    inStep: true,
  },
  {
    errorId: 'windows-update-failed',
    pattern:
      /Windows update script (exited with non-zero exit status: (?<exitCode>-?\d{1,10})|did not finish)|windows update api is in an invalid state/,
    last: true,
    inStep: true,
  },
  {
    errorId: 'windows-restart-failed',
    pattern:
      /Timeout waiting for machine to restart|Restart script exited with non-zero exit status|Machine did not restart properly|Error waiting for machine to restart|Failed to restart the machine with exit status/,
  },
  { errorId: 'script-disconnected', pattern: /Script disconnected unexpectedly/ },
  {
    errorId: 'packer-crashed',
    pattern:
      /PACKER CRASH|panic: runtime error|^unexpected EOF|connection is shut down|plugin exited before we could connect/,
  },
  { errorId: 'build-interrupted', pattern: /Cancelling build after receiving/ },
  { errorId: 'step-timed-out', pattern: /context (canceled|deadline exceeded)/, weak: true },
  { errorId: 'winrm-authentication', pattern: /http response error: 401|401 - invalid content type/ },
  {
    errorId: 'runner-tool-missing',
    pattern: /could not find a supported CD ISO creation command|ovftool not found/,
  },
  {
    errorId: 'machine-unreachable',
    pattern:
      /(Error (uploading|chmodding|executing|removing)|Upload failed).{0,200}: dial tcp \S{1,100}: (connect: )?(connection (refused|timed out)|no route to host|network is unreachable|i\/o timeout)/,
  },
  {
    errorId: 'upload-failed',
    pattern: /Error uploading|Upload failed|scp: .{0,300}(denied|No such file|No space)/,
  },
  { errorId: 'base-image-checksum-mismatch', pattern: /Checksums did not match/ },
  {
    errorId: 'base-image-download-failed',
    pattern:
      /[Ee]rror downloading (ISO|base|disk|image)|failed to download ISO|No byte serving support|bad response code: \d/,
  },
  {
    errorId: 'image-name-invalid',
    pattern:
      /AMIName should only contain|ami_name must be between|InvalidAMIName\.Malformed|Invalid image (name|family):|(vm|template)_name must be a valid DNS name/,
  },
  {
    errorId: 'template-invalid',
    pattern:
      /Extraneous JSON object property|No argument or block type is named|Unset variable|Unsupported argument|Bad (script|source) '|Invalid template interpolation|Unknown variable/,
  },
  {
    errorId: 'packer-plugin-download-failed',
    pattern:
      /^Failed getting the "|could not install any compatible version of plugin|no release version found for|Plugin host rate limited/,
  },
  {
    errorId: 'packer-plugin-missing',
    pattern:
      /[Uu]nknown (builder|provisioner|source type|post-processor)|Missing plugins|plugins? .{0,200}(not installed|not found)|Failed to load .{0,200}plugin|Incompatible API M(AJOR|INOR) version/,
  },
  {
    errorId: 'boot-command-failed',
    pattern:
      /[Ee]rror (running|preparing|generating|typing a) boot command|[Ee]rror (connecting to|handshaking with) VNC/,
  },
  {
    errorId: 'shutdown-timeout',
    pattern:
      /[Tt]imeout while waiting for machine to shut ?down|Error waiting for instance to stop|^Failed to shutdown/,
  },
];

/** The way into the machine. */
export const communicatorRules: readonly Rule[] = [
  {
    errorId: 'ssh-algorithm-mismatch',
    pattern: /ssh: no common algorithm|no matching (host key|key exchange)/,
  },
  {
    errorId: 'ssh-authentication',
    pattern: /authentication error when trying to connect via SSH|ssh: unable to authenticate/,
  },
  {
    errorId: 'session-manager-unavailable',
    pattern:
      /SessionManagerPlugin is not found|session-manager-plugin|TargetNotConnected|SSM session did not/,
  },
  {
    errorId: 'ssh-timeout',
    pattern:
      /Timeout waiting for SSH|Timeout during SSH handshake|ssh: handshake failed|Error waiting for SSH: |Error (connecting to|configuring) bastion/,
  },
  { errorId: 'winrm-timeout', pattern: /Timeout waiting for WinRM|Error waiting for WinRM: /i },
  { errorId: 'windows-password-timeout', pattern: /Timeout waiting for password|Error waiting for password/ },
];
