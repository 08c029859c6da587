import type { Rule } from './rule.ts';

/**
 * Why a script failed, by its own last words. Only asked when it is known that it did: a script may print any of this
 * and go on. What is more specific comes first.
 */
export const scriptRules: readonly Rule[] = [
  { errorId: 'ansible-not-installed', pattern: /^Ansible is not installed in the build VM/ },
  { errorId: 'guest-permission-denied', pattern: /are you root\?|\(13: Permission denied\)/ },
  {
    errorId: 'package-manager-locked',
    pattern:
      /Could not get lock \/var\/lib|Unable to (acquire|lock) .{0,60}(\/var\/lib\/(dpkg|apt)|dpkg frontend)|waiting for .{0,40}lock .{0,40}\/var\/lib|dpkg frontend lock|System management is locked by|(yum|dnf|rpm).{0,80}lock|Another app is currently holding the yum lock/i,
  },
  {
    errorId: 'guest-disk-full',
    pattern:
      /No space left on device|not enough (free )?(disk )?space|You don't have enough free space|At least \d+MB more space needed|Disk quota exceeded|ENOSPC/i,
  },
  {
    errorId: 'guest-memory-exhausted',
    pattern:
      /Out of memory|Cannot allocate memory|virtual memory exhausted|OutOfMemory|JavaScript heap|: line \d{1,9}: +\d{1,9} Killed|^Killed$|Signal 9.{0,5}SIGKILL|Killed signal terminated program/i,
  },
  {
    errorId: 'package-source-untrusted',
    pattern:
      /NO_PUBKEY|EXPKEYSIG|signatures? (couldn't|could not) be verified|is not signed|GPG (check|signature).{0,40}(fail|not)|is not (yet )?valid (yet|for)|Public key for .{1,200} is not installed|untrusted public key|BADSIG/i,
  },
  {
    errorId: 'package-not-found',
    pattern:
      /Unable to locate package|has no installation candidate|Unable to find a match|No match for argument|No package .{1,200} available|nothing provides|Couldn't find any package|No matching distribution found|unable to select packages|No provider of|not found in package names|The package was not found with the source|Version .{1,100} for .{1,100} was not found|E404|is not in this registry|No match was found for the specified search criteria/i,
  },
  {
    errorId: 'guest-network-failed',
    pattern:
      /Could not resolve|Temporary failure (in name resolution|resolving)|Name or service not known|Failed to (fetch|connect to|download metadata)|Connection (timed out|refused|reset by peer)|Network is unreachable|No route to host|Could not connect to|Cannot download|Cannot prepare internal mirrorlist|curl: \((5|6|7|28|35|52|56|60)\)|wget: unable to resolve|The remote name could not be resolved|Unable to connect to the remote server|The operation has timed out|SSL certificate problem|certificate verify failed|Could not create SSL\/TLS|Unable to resolve package source|EAI_AGAIN|ETIMEDOUT|Status code: [45]\d\d for http|[45]\d\d .{1,40} \[IP: |unable to access 'https?:/i,
  },
  {
    errorId: 'ansible-failed',
    pattern: /^(fatal: \[|failed: \[|ERROR! )/,
  },
  {
    errorId: 'sysprep-failed',
    pattern:
      /SYSPRP|[Ss]ysprep(\.exe)?\b.{0,200}(fail|not generalised|not able to|did not end|error)|could not be generalised/,
  },
  {
    errorId: 'script-not-executable',
    pattern:
      /bad interpreter|cannot execute( binary file|: required file)|Exec format error|env: .{1,200}: No such file|is not a valid Win32 application|running scripts is disabled on this system/i,
  },
  {
    errorId: 'command-not-found',
    pattern:
      /command not found|: not found$|is not recognized as (the name of a cmdlet|an internal or external command)|executable file not found|No such command/i,
  },
  {
    errorId: 'package-install-failed',
    pattern:
      /dpkg: (error|dependency problems)|dpkg was interrupted|Failed dependencies:|Sub-process \/usr\/bin\/dpkg|unmet dependencies|held broken packages|Transaction (test|check) error|Error unpacking|Problem: |scriptlet failed|Depends: /,
  },
  {
    errorId: 'guest-permission-denied',
    pattern:
      /Permission denied|are you root\?|Operation not permitted|must be (run )?(as )?(root|superuser)|(run|be run) (under|as|with) (the )?(root|superuser)|a (terminal|password) is required|is not in the sudoers|Access (to .{1,200} )?is denied|requires elevation|PermissionDenied|UnauthorizedAccess|needs? to be run as administrator/i,
  },
];
