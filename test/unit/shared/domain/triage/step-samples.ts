import type { ErrorId } from '../../../../../shared/domain/triage/catalogue.ts';
import type { Sample } from './samples.ts';

const EXIT = (code: number) =>
  `Script exited with non-zero exit status: ${code}. Allowed exit codes are: [0]`;

type Told = { from: string; code?: number; said: string[]; explains?: number };

/** A script that said these error lines and ended with a code, as Packer tells it. */
const script = (title: string, errorId: ErrorId, { from, said, code = 1, explains = 0 }: Told): Sample => ({
  title,
  from,
  lines: [
    ...said.map((text): [number, string] => [2, text]),
    [2, 'Step 2/2 install: failed after 12 s'],
    [null, `Build 'amazon-ebs.image' errored after 2 minutes 1 second: ${EXIT(code)}`],
    [null, "==> Some builds didn't complete successfully and had errors:"],
    [null, `--> amazon-ebs.image: ${EXIT(code)}`],
  ],
  lastStep: 2,
  errorId,
  exitCode: code,
  step: 'install',
  explains,
});

/** What scripts say before they end. */
export const stepSamples: Sample[] = [
  script('a lock of dpkg', 'package-manager-locked', {
    from: 'github.com/osism/k8s-capi-images/issues/139',
    code: 100,
    said: [
      'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1797 (apt-get)',
      'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?',
    ],
  }),
  script('a lock of apt on an old system', 'package-manager-locked', {
    from: 'github.com/geerlingguy/packer-boxes/issues/7',
    code: 100,
    said: ['E: Could not get lock /var/lib/dpkg/lock - open (11: Resource temporarily unavailable)'],
  }),
  script('a package that apt does not know', 'package-not-found', {
    from: 'apt-get install of Debian 12',
    code: 100,
    said: [
      'debconf: delaying package configuration, since apt-utils is not installed',
      'E: Unable to locate package python3.11-venv',
      "E: Couldn't find any package by glob 'python3.11-venv'",
    ],
    explains: 1,
  }),
  script('a package that dnf does not know', 'package-not-found', {
    from: 'dnf install of Fedora',
    said: ['Error: Unable to find a match: nginxx'],
  }),
  script('a package that pip does not know', 'package-not-found', {
    from: 'pip 23 install',
    said: [
      'ERROR: Could not find a version that satisfies the requirement ansibel (from versions: none)',
      'ERROR: No matching distribution found for ansibel',
    ],
    explains: 1,
  }),
  script('a package whose own script fails', 'package-install-failed', {
    from: 'dpkg of Debian 12',
    code: 100,
    said: [
      'dpkg: error processing package grub-pc (--configure):',
      ' installed grub-pc package post-installation script subprocess returned error exit status 1',
      'Errors were encountered while processing:',
      ' grub-pc',
      'E: Sub-process /usr/bin/dpkg returned an error code (1)',
    ],
  }),
  script('packages that do not fit together', 'package-install-failed', {
    from: 'apt-get of Ubuntu 22.04',
    code: 100,
    said: ['E: Unable to correct problems, you have held broken packages.'],
  }),
  script('a source of packages without a key', 'package-source-untrusted', {
    from: 'apt-get update of Ubuntu 22.04 with a third-party source',
    code: 100,
    said: [
      "W: GPG error: https://example.test stable InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 7EA0A9C3F273FCD8",
      "E: The repository 'https://example.test stable InRelease' is not signed.",
    ],
    explains: 0,
  }),
  script('a source of packages that cannot be reached', 'guest-network-failed', {
    from: 'apt-get of Ubuntu 22.04 in a subnet without NAT',
    code: 100,
    said: [
      'E: Failed to fetch http://archive.ubuntu.com/ubuntu/pool/main/n/nginx/nginx_1.24.0_amd64.deb  Could not connect to archive.ubuntu.com:80 (185.125.190.36), connection timed out',
      'E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?',
    ],
  }),
  script('a name that the build VM cannot resolve', 'guest-network-failed', {
    from: 'curl 7.88',
    code: 6,
    said: ['curl: (6) Could not resolve host: releases.example.test'],
  }),
  script('a mirror that dnf cannot reach', 'guest-network-failed', {
    from: 'dnf of CentOS Stream 8 after its end of life',
    said: [
      "Error: Failed to download metadata for repo 'appstream': Cannot prepare internal mirrorlist: No URLs in mirrorlist",
    ],
  }),
  script('a full disk', 'guest-disk-full', {
    from: 'tar, as in github.com/CodeAndCoffeeBlog/building-ue4-dedicated-server-blog-1/issues/1',
    code: 2,
    said: [
      'tar: opt/app/HavenServer.debug: Cannot write: No space left on device',
      'tar: Exiting with failure status due to previous errors',
    ],
  }),
  script('a full disk of Windows', 'guest-disk-full', {
    from: 'Copy-Item of Windows PowerShell 5.1',
    said: [
      'Copy-Item : There is not enough space on the disk.',
      'At C:\\Windows\\Temp\\script-5f8ea689-32b2-8ead-e300-27361badcafd.ps1:4 char:1',
      '+ Copy-Item D:\\office C:\\install -Recurse',
      '+ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~',
      '    + CategoryInfo          : NotSpecified: (:) [Copy-Item], IOException',
      '    + FullyQualifiedErrorId : System.IO.IOException,Microsoft.PowerShell.Commands.CopyItemCommand',
    ],
  }),
  script('a compiler that was killed for its memory', 'guest-memory-exhausted', {
    from: 'bash 5.2 and the out-of-memory killer of Linux',
    code: 137,
    said: ['/tmp/script_4242.sh: line 12:  2316 Killed                  make -j8'],
  }),
  script('a program that gets no memory', 'guest-memory-exhausted', {
    from: 'GCC 12',
    said: [
      'virtual memory exhausted: Cannot allocate memory',
      'make[2]: *** [src/CMakeFiles/app.dir/build.make:76: src/app.o] Error 1',
    ],
  }),
  script('a command that is not installed', 'command-not-found', {
    from: 'bash 5.2',
    code: 127,
    said: ['/tmp/script_1337.sh: line 3: jq: command not found'],
  }),
  script('a script with line ends of Windows', 'command-not-found', {
    from: 'bash 5.2',
    code: 127,
    said: ["/tmp/script_1337.sh: line 2: $'\\r': command not found"],
  }),
  script('a command that PowerShell does not know', 'command-not-found', {
    from: 'Windows PowerShell 5.1; its console breaks at 80 characters',
    said: [
      "choco : The term 'choco' is not recognized as the name of a cmdlet, function, ",
      'script file, or operable program. Check the spelling of the name, or if a path ',
      'was included, verify that the path is correct and try again.',
      'At C:\\Windows\\Temp\\script-5f8ea689.ps1:1 char:1',
      '+ choco install git -y',
      '+ ~~~~~',
      '    + CategoryInfo          : ObjectNotFound: (choco:String) [], CommandNotFoundException',
      '    + FullyQualifiedErrorId : CommandNotFoundException',
    ],
  }),
  script('an interpreter that is not there', 'script-not-executable', {
    from: 'bash 5.2',
    code: 126,
    said: ['/tmp/script_1337.sh: /usr/bin/python2: bad interpreter: No such file or directory'],
  }),
  script('a login user without rights', 'guest-permission-denied', {
    from: 'apt-get of Debian 12 without sudo',
    code: 100,
    said: [
      'E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)',
      'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?',
    ],
  }),
  script('sudo that wants a password', 'guest-permission-denied', {
    from: 'sudo 1.9',
    said: [
      'sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper',
      'sudo: a password is required',
    ],
  }),
  script('an installer that wants a restart', 'restart-required', {
    from: 'Microsoft Learn: MsiExec.exe and InstMsi.exe error messages (3010)',
    code: 3010,
    said: [],
    explains: 1,
  }),
  script('an app that sysprep does not like', 'sysprep-failed', {
    from: 'github.com/microsoft/winget-cli/issues/5599',
    said: [
      '2025-06-07 09:52:50, Error                 SYSPRP Package Microsoft.Winget.Source_2025.718.1153.54_neutral__8wekyb3d8bbwe was installed for a user, but not provisioned for all users. This package will not function properly in the sysprep image.',
    ],
  }),
  script("our own sysprep step's word", 'sysprep-failed', {
    from: 'shared/platforms/generalise-script.ts',
    said: [
      '12:00:03 [ERROR] The machine could not be generalised: Sysprep has not generalised the machine: its state is IMAGE_STATE_COMPLETE',
    ],
  }),
  script('a script that says no more than that it failed', 'script-failed', {
    from: 'a script of one line: exit 3',
    code: 3,
    said: [],
    explains: 1,
  }),
  {
    title: 'a task of Ansible that fails',
    from: 'github.com/hashicorp/packer/issues/7926',
    lines: [
      [
        2,
        `fatal: [localhost]: FAILED! => {"changed": false, "msg": "Error, could not touch target: [Errno 2] No such file or directory: '/etc/modprobe.d/CIS.conf'", "path": "/etc/modprobe.d/CIS.conf"}`,
      ],
      [null, "Build 'qemu.image' errored after 4 minutes: Error executing Ansible: Non-zero exit status: 2"],
      [null, '--> qemu.image: Error executing Ansible: Non-zero exit status: 2'],
    ],
    lastStep: 2,
    errorId: 'ansible-failed',
    exitCode: 2,
    step: 'install',
    explains: 0,
  },
  {
    title: 'a host that Ansible cannot reach',
    from: 'github.com/ansible/ansible/issues/19720',
    lines: [
      [
        2,
        'fatal: [127.0.0.1]: UNREACHABLE! => {"changed": false, "msg": "Failed to connect to the host via ssh", "unreachable": true}',
      ],
      [null, "Build 'qemu.image' errored after 1 minute: Error executing Ansible: Non-zero exit status: 4"],
    ],
    lastStep: 2,
    errorId: 'ansible-failed',
    exitCode: 4,
    step: 'install',
    explains: 0,
  },
  {
    title: 'an image without Ansible',
    from: 'shared/packer/provisioners/ansible-local.ts',
    lines: [
      [2, 'Ansible is not installed in the build VM.'],
      [null, "Build 'qemu.image' errored after 1 minute: Error executing Ansible: Non-zero exit status: 127"],
    ],
    lastStep: 2,
    errorId: 'ansible-not-installed',
    exitCode: 127,
    step: 'install',
    explains: 0,
  },
  {
    title: 'a Windows that does not come back',
    from: 'github.com/hashicorp/packer/issues/9532',
    lines: [
      [2, 'Timeout waiting for machine to restart.'],
      [null, "Build 'azure-arm.image' errored after 40 minutes: Timeout waiting for machine to restart."],
    ],
    lastStep: 2,
    errorId: 'windows-restart-failed',
    step: 'install',
    explains: 0,
  },
  {
    title: 'updates of Windows that fail',
    from: 'packer-plugin-windows-update 0.18.4, update/provisioner.go and windows-update.ps1',
    lines: [
      [2, 'ERROR: Exception from HRESULT: 0x8024402C'],
      [
        null,
        "Build 'vsphere-iso.image' errored after 20 minutes: Windows update script exited with non-zero exit status: 1",
      ],
    ],
    lastStep: 2,
    errorId: 'windows-update-failed',
    exitCode: 1,
    step: 'install',
    explains: 0,
  },
];
