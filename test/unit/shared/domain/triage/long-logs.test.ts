import { describe, expect, it } from 'vitest';
import { classifyFailure } from '../../../../../shared/domain/triage/classify.ts';

const steps = [
  { index: 1, name: 'update' },
  { index: 2, name: 'install' },
  { index: 3, name: 'harden' },
];

type Line = [step: number | null, text: string];
type Log = { lines: Line[]; lastStep?: number; outcome?: 'failed' | 'timed-out' };

/** A build whose error lines are these; the line that begins with → is the one that explains the failure. */
const failureOf = ({ lines, lastStep, outcome = 'failed' }: Log) => {
  const errors = lines.map(([step, text], at) => ({ seq: 100 + 7 * at, step, text: text.replace(/^→/, '') }));
  const explains = 100 + 7 * lines.findIndex(([, text]) => text.startsWith('→'));
  return { failure: classifyFailure({ outcome, exitCode: 1, errors, steps, lastStep }), explains };
};

const ended = (cause: string): Line[] => [
  [null, `Build 'amazon-ebs.image' errored after 12 minutes 1 second: ${cause}`],
  [null, "==> Some builds didn't complete successfully and had errors:"],
  [null, `--> amazon-ebs.image: ${cause}`],
];
const exited = (code = 1) =>
  ended(`Script exited with non-zero exit status: ${code}. Allowed exit codes are: [0]`);

/** What apt, git, curl and systemd say on standard error when all is well. */
const noise = (step: number): Line[] => [
  [step, 'debconf: unable to initialize frontend: Dialog'],
  [step, 'debconf: (TERM is not set, so the dialog frontend is not usable.)'],
  [step, 'WARNING: apt does not have a stable CLI interface. Use with caution in scripts.'],
  [step, "Cloning into '/opt/app'..."],
  [step, '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current'],
  [step, 'Created symlink /etc/systemd/system/multi-user.target.wants/nginx.service.'],
  [step, '+ systemctl restart nginx'],
];

describe('the line that explains a failure, in long logs', () => {
  it('is not a script that met AccessDenied and went on, but the script that failed later', () => {
    const { failure, explains } = failureOf({
      lines: [
        ...noise(1),
        [1, 'An error occurred (AccessDenied) when calling the ListBuckets operation: Access Denied'],
        ...noise(2),
        [2, 'An error occurred (AccessDenied) when calling the GetObject operation: Access Denied'],
        [2, 'using the public mirror instead'],
        ...noise(2),
        [2, '→./configure: error: no acceptable C compiler found in $PATH'],
        [2, 'Step 2/3 install: failed after 12 s'],
        ...exited(77),
      ],
      lastStep: 2,
    });
    expect(failure).toMatchObject({ errorId: 'script-failed', category: 'provisioner', logSeq: explains });
    expect(failure).toMatchObject({ exitCode: 77, step: 'install' });
    expect(failure.message).toContain('no acceptable C compiler');
  });

  it("is the platform's refusal after the last step, whatever the steps complained about", () => {
    const cause =
      'Error creating AMI: UnauthorizedOperation: You are not authorized to perform: ec2:CreateImage';
    const { failure, explains } = failureOf({
      lines: [
        ...noise(1),
        [1, 'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1797 (apt-get)'],
        [2, 'No space left on device'],
        [3, 'Script exited with non-zero exit status: 3'],
        [3, 'Timeout waiting for SSH.'],
        [null, `→${cause}`],
        [null, 'Error deleting security group: DependencyViolation: resource sg-1 has a dependent object'],
        ...ended(cause),
      ],
    });
    expect(failure).toMatchObject({ errorId: 'permission-denied', category: 'connection', logSeq: explains });
    expect(failure).toMatchObject({ step: null, exitCode: null });
  });

  it('is of the last try of a step, and of the step that failed, not of one that failed and was tried again', () => {
    const { failure, explains } = failureOf({
      lines: [
        [1, 'curl: (6) Could not resolve host: mirror.example.test'],
        [
          1,
          'Provisioner failed with "Script exited with non-zero exit status: 6", retrying with 2 trie(s) left',
        ],
        ...noise(1),
        [2, 'E: Unable to locate package left-over'],
        [
          2,
          'Provisioner failed with "Script exited with non-zero exit status: 100", retrying with 1 trie(s) left',
        ],
        [2, '→E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1797 (apt-get)'],
        [
          2,
          'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?',
        ],
        ...exited(100),
      ],
      lastStep: 2,
    });
    expect(failure).toMatchObject({ errorId: 'package-manager-locked', logSeq: explains, exitCode: 100 });
  });

  it('is not an earlier meeting with a lock that the same script waited out', () => {
    const { failure, explains } = failureOf({
      lines: [
        [2, 'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1797 (apt-get)'],
        [2, 'waiting for the lock, try 2'],
        ...noise(2),
        [2, '→tar: opt/app.bin: Cannot write: No space left on device'],
        [2, 'tar: opt/lib.bin: Cannot write: No space left on device'],
        [2, 'tar: Exiting with failure status due to previous errors'],
        [2, 'install failed, exiting'],
        ...exited(2),
      ],
      lastStep: 2,
    });
    expect(failure).toMatchObject({ errorId: 'guest-disk-full', logSeq: explains, exitCode: 2 });
  });

  it('is the first of lines that repeat each other, and no frame', () => {
    const { failure, explains } = failureOf({
      lines: [
        [null, 'Error destroying temporary key: RequestLimitExceeded'],
        [null, '→Timeout waiting for SSH.'],
        [null, 'Timeout waiting for SSH.'],
        ...ended('Timeout waiting for SSH.'),
      ],
    });
    expect(failure).toMatchObject({ errorId: 'ssh-timeout', logSeq: explains });
  });

  it('of an error in several lines is the one that names the cause', () => {
    const { failure, explains } = failureOf({
      lines: [
        [null, "Build 'amazon-ebs.image' errored after 2 seconds: 2 errors occurred:"],
        [null, '\t* AMIs are copied to 2 regions'],
        [
          null,
          '→\t* Error Copying AMI (ami-1) to region (eu-west-2): UnauthorizedOperation: You are not authorized',
        ],
        [null, ''],
        [null, "==> Some builds didn't complete successfully and had errors:"],
        [null, '--> amazon-ebs.image: 2 errors occurred:'],
      ],
    });
    expect(failure).toMatchObject({ errorId: 'permission-denied', logSeq: explains });
  });

  it("is a script's own complaint, not the trace of its commands nor a mere «it failed»", () => {
    const { failure, explains } = failureOf({
      lines: [
        [3, '+ set -e'],
        [3, '+ useradd app'],
        [3, "→useradd: user 'app' already exists"],
        [3, '+ cleanup'],
        [3, '++ hostname'],
        [3, 'ERROR: hardening failed!'],
        ...exited(9),
      ],
      lastStep: 3,
    });
    expect(failure).toMatchObject({ errorId: 'script-failed', logSeq: explains, step: 'harden' });
    expect(failure.message).toBe("Script exited with status 9: useradd: user 'app' already exists");
  });

  it('is the head of the last error of PowerShell, not where it happened', () => {
    const { failure, explains } = failureOf({
      lines: [
        [2, 'Remove-Item : Cannot find path C:\\old because it does not exist.'],
        [2, 'At C:\\Windows\\Temp\\script-1.ps1:2 char:1'],
        [2, '+ Remove-Item C:\\old'],
        [
          2,
          '    + CategoryInfo          : ObjectNotFound: (C:\\old:String) [Remove-Item], ItemNotFoundException',
        ],
        [2, '    + FullyQualifiedErrorId : PathNotFound,Microsoft.PowerShell.Commands.RemoveItemCommand'],
        [2, ''],
        [2, '→Invoke-WebRequest : The remote name could not be resolved: '],
        [2, "'download.example.test'"],
        [2, 'At C:\\Windows\\Temp\\script-1.ps1:9 char:1'],
        [2, '+ Invoke-WebRequest -Uri https://download.example.test/a.msi'],
        [2, '    + FullyQualifiedErrorId : WebCmdletWebResponseException'],
        ...exited(1),
      ],
      lastStep: 2,
    });
    expect(failure).toMatchObject({ errorId: 'guest-network-failed', logSeq: explains });
  });

  it('is not taken from a script for an error of Packer that nobody knows', () => {
    const { failure } = failureOf({
      lines: [
        ...noise(2),
        [2, 'An error occurred (UnauthorizedOperation) when calling DescribeInstances'],
        ...ended('ssh: rejected: administratively prohibited (open failed)'),
      ],
      lastStep: 2,
    });
    expect(failure.errorId).toBe('unclassified');
    expect(failure.message).toContain('administratively prohibited');
  });

  it('is not taken from the clean-up after a step that failed for a reason that nobody knows', () => {
    const cause = 'ssh: rejected: administratively prohibited (open failed)';
    const { failure } = failureOf({
      lines: [
        ...noise(2),
        [null, 'Error deleting security group: UnauthorizedOperation: You are not authorized'],
        ...ended(cause),
      ],
      lastStep: 2,
    });
    expect(failure.errorId).toBe('unclassified');
  });

  it('is the word of the Packer that failed, not of one that a script ran', () => {
    const { failure, explains } = failureOf({
      lines: [
        [2, "Build 'null.inner' errored after 1 second: Timeout waiting for SSH."],
        [2, "==> Some builds didn't complete successfully and had errors:"],
        [2, '--> null.inner: Timeout waiting for SSH.'],
        [2, '→jq: error: Cannot iterate over null'],
        ...exited(5),
      ],
      lastStep: 2,
    });
    expect(failure).toMatchObject({ errorId: 'script-failed', logSeq: explains, exitCode: 5 });
  });

  it('of a Packer that was killed is what the runner says of it, whatever came before', () => {
    const { failure, explains } = failureOf({
      lines: [
        [2, 'AccessDenied'],
        [null, '→Packer was ended by SIGKILL, not by Goldsmith: was the machine out of memory?'],
      ],
      lastStep: 2,
    });
    expect(failure).toMatchObject({ errorId: 'packer-killed', logSeq: explains, step: 'install' });
  });

  it("does not take a script's words for the runner's", () => {
    const { failure } = failureOf({
      lines: [
        [2, 'The runner failed: says a script'],
        [2, 'Packer was ended by SIGKILL, not by Goldsmith: says a script'],
        ...exited(4),
      ],
      lastStep: 2,
    });
    expect(failure).toMatchObject({ errorId: 'script-failed', exitCode: 4 });
  });
});
