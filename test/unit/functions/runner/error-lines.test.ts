import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../../functions/runner/clock.ts';
import { createErrorLines } from '../../../../functions/runner/error-lines.ts';
import { createRunLog } from '../../../../functions/runner/run-log.ts';
import { completionSchema } from '../../../../shared/contracts/agent-protocol.ts';
import type { UnnumberedLine } from '../../../../shared/contracts/entities/log.ts';
import { classifyFailure } from '../../../../shared/domain/triage/classify.ts';

const clock: Clock = { now: () => 0, sleep: () => Promise.resolve() };

/** The log of a runner whose lines are numbered from 1. */
const start = () => {
  const lines: UnnumberedLine[] = [];
  const shipper = {
    append: (line: UnnumberedLine) => lines.push(line) - 1,
    seqOf: (place: number) => place + 1,
  };
  const log = createRunLog(shipper, (text) => text, clock);
  const says = (step: number | null, level: 'info' | 'error') => (text: string) =>
    log.write({ stream: level === 'error' ? 'stderr' : 'stdout', level, text, step });
  return { log, lines, says };
};

const steps = [
  { index: 1, name: 'update' },
  { index: 2, name: 'install' },
];
type Started = ReturnType<typeof start>;

/** The failure of a build whose second step was under way, or that is past its steps. */
const failureOf = ({ log }: Started, lastStep: number | null = 2) => {
  const errors = completionSchema.shape.errors.parse(log.errors());
  return classifyFailure({ outcome: 'failed', exitCode: 1, errors, steps, lastStep: lastStep ?? undefined });
};
const textAt = ({ lines }: Started, seq: number | null): string => lines[(seq ?? 0) - 1]?.text ?? '';

const errored = (cause: string) => [
  `Build 'amazon-ebs.image' errored after 41 minutes: ${cause}`,
  "==> Some builds didn't complete successfully and had errors:",
  `--> amazon-ebs.image: ${cause}`,
];
const EXIT = 'Script exited with non-zero exit status: 1. Allowed exit codes are: [0]';

describe('the error lines that a runner hands over', () => {
  it('are never more than the protocol takes, in order and each once', () => {
    const kept = createErrorLines();
    for (let place = 0; place < 5000; place += 1) {
      const isEnd = place === 4900;
      const text = isEnd
        ? 'Provisioning step had errors: Running the cleanup provisioner, if present...'
        : `AccessDenied No space left on device E: Unable to locate package p${place}`;
      kept.add({ place, step: place % 3 === 0 ? null : Math.floor(place / 900), text });
    }
    const places = kept.list().map(({ place }) => place);
    expect(places.length).toBeLessThanOrEqual(50);
    expect(places).toEqual([...new Set(places)].toSorted((one, other) => one - other));
    expect(places.slice(-20)).toEqual(Array.from({ length: 20 }, (_, at) => 4980 + at));
    expect(places[0]).toBe(0);
  });

  it('hold the first that explains and the last ones, out of ten thousand (N4)', () => {
    const run = start();
    const complain = run.says(2, 'error');
    for (let each = 0; each < 4000; each += 1) complain(`warning: unused variable v${each}`);
    for (let each = 0; each < 6000; each += 1)
      complain(`cp: error writing 'f${each}': No space left on device`);
    for (const text of errored(EXIT)) run.says(null, 'error')(text);
    const failure = failureOf(run);
    expect(failure).toMatchObject({ errorId: 'guest-disk-full', step: 'install', exitCode: 1, logSeq: 4001 });
    expect(textAt(run, failure.logSeq)).toContain("'f0'");
    expect(run.log.errors().at(-1)?.text).toContain('--> amazon-ebs.image');
  });

  it("hold Packer's error when a script of an earlier step said thousands, and the clean-up does", () => {
    const run = start();
    for (let each = 0; each < 3000; each += 1) run.says(1, 'error')(`noise ${each}: AccessDenied`);
    const cause = "Error: AMI Name: 'web-v7' is used by an existing AMI: ami-0123456789abcdef0";
    run.says(null, 'error')(cause);
    for (let each = 0; each < 100; each += 1)
      run.says(null, 'error')(`Error deleting volume vol-${each}: try again`);
    for (const text of errored(cause)) run.says(null, 'error')(text);
    const failure = failureOf(run, null);
    expect(failure).toMatchObject({ errorId: 'image-name-taken', step: null, logSeq: 3001 });
  });

  it('forget what a step said before it was tried again', () => {
    const run = start();
    run.says(
      2,
      'error',
    )('E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1797 (apt-get)');
    run.says(2, 'info')(`Provisioner failed with "${EXIT}", retrying with 1 trie(s) left`);
    run.says(2, 'error')('E: Unable to locate package nosuch');
    for (const text of errored(EXIT)) run.says(null, 'error')(text);
    expect(failureOf(run)).toMatchObject({ errorId: 'package-not-found', logSeq: 3 });
  });

  it("do not take a modern Packer's clean-up for the words of the step that it follows", () => {
    const run = start();
    for (let each = 0; each < 100; each += 1) run.says(2, 'error')(`deprecated: option ${each}`);
    run.says(2, 'error')('/opt/setup: the licence has expired');
    run.says(2, 'info')('Provisioning step had errors: Running the cleanup provisioner, if present...');
    for (let each = 0; each < 200; each += 1)
      run.says(2, 'error')(`Error deleting volume vol-${each}: connection timed out`);
    for (const text of errored(EXIT)) run.says(2, 'error')(text);
    const failure = failureOf(run);
    expect(failure).toMatchObject({ errorId: 'script-failed', step: 'install', logSeq: 101 });
    expect(failure.message).toContain('the licence has expired');
  });

  it('hold what a program says of its errors on standard output', () => {
    const run = start();
    run.says(2, 'info')('TASK [install] ***');
    run.says(
      2,
      'info',
    )('fatal: [127.0.0.1]: FAILED! => {"changed": false, "msg": "No package matching nosuch"}');
    run.says(2, 'info')('PLAY RECAP ***');
    for (const text of errored('Error executing Ansible: Non-zero exit status: 2'))
      run.says(null, 'error')(text);
    const failure = failureOf(run);
    expect(failure).toMatchObject({ errorId: 'ansible-failed', logSeq: 2, exitCode: 2 });
    expect(failure.message).toContain('No package matching nosuch');
  });

  it('hold no ordinary output, nor what the runner says in a step', () => {
    const run = start();
    run.says(2, 'info')('Setting up error-handling (1.0) ...');
    run.says(null, 'info')('fatal: [x]: FAILED! => in no step');
    run.log.say('ERROR: a line of our own', 'info', 2);
    expect(run.log.errors()).toEqual([]);
  });

  it('hold the error of a PowerShell that runs as a scheduled task, which says all on standard output', () => {
    const run = start();
    const say = run.says(2, 'info');
    say('Get-Item : Cannot find path C:\\x because it does not exist.');
    say('At C:\\Windows\\Temp\\script-1.ps1:3 char:1');
    say('+ Get-Item C:\\x');
    for (const text of errored(EXIT)) run.says(null, 'error')(text);
    expect(failureOf(run)).toMatchObject({ errorId: 'script-failed', logSeq: 1 });
    expect(failureOf(run).message).toContain('Cannot find path');
  });
});
