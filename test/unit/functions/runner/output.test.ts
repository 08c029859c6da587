import { describe, expect, it } from 'vitest';
import { createBuildFacts } from '../../../../functions/runner/build-facts.ts';
import { createOutputReader } from '../../../../functions/runner/output-reader.ts';
import { readOutputOf } from '../../../../functions/runner/platform-facts.ts';
import { createProgressOutbox } from '../../../../functions/runner/progress-outbox.ts';
import { createRedactor } from '../../../../functions/runner/redactor.ts';
import { createRunLog } from '../../../../functions/runner/run-log.ts';
import { StepTracker } from '../../../../functions/runner/step-tracker.ts';
import type { StepEvent } from '../../../../shared/contracts/agent-protocol.ts';
import type { JobBundle, PackerGeneration } from '../../../../shared/contracts/bundle.ts';
import type { UnnumberedLine } from '../../../../shared/contracts/entities/log.ts';
import { markerText } from '../../../../shared/packer/markers.ts';
import { platforms } from '../../../../shared/platforms/registry.ts';
import { createFastClock } from './fake-time.ts';

const NONCE = '0123456789abcdef0123456789abcdef';
const TWO_STEPS = [
  { index: 1, name: 'install' },
  { index: 2, name: 'harden', timeoutSeconds: 60 },
];

const start = (steps: JobBundle['steps'] = TWO_STEPS, generation: PackerGeneration = '1.6') => {
  const clock = createFastClock();
  const lines: UnnumberedLine[] = [];
  const events: StepEvent[] = [];
  const outbox = createProgressOutbox();
  const redactor = createRedactor();
  redactor.add(['top-secret-value']);
  const shipper = {
    append: (line: UnnumberedLine) => lines.push(line) - 1,
    seqOf: (place: number) => place + 1,
  };
  const log = createRunLog(shipper, redactor.redact, clock);
  const facts = createBuildFacts((text) => {
    const id = /^Instance ID: (\S+)$/.exec(text)?.[1];
    return id === undefined
      ? {}
      : { buildVm: { kind: 'instance', locator: id }, temporaries: [{ kind: 'instance', id }] };
  }, outbox);
  const tracker = new StepTracker({
    steps,
    clock,
    onEvent: (event) => events.push(event),
    onLine: log.say,
  });
  const reader = createOutputReader({
    nonce: NONCE,
    generation,
    tracker,
    facts,
    redact: redactor.redact,
    onLine: (line) => log.write({ ...line, step: tracker.current() }),
  });
  const say = (voice: string, text: string, isCut = false) =>
    reader.read(
      { text: `1795377274,,ui,${voice},${text.replaceAll(',', '%!(PACKER_COMMA)')}`, isCut },
      'stdout',
    );
  const mark = (index: number, edge: 'begin' | 'end', nonce = NONCE) => {
    say('say', `==> null.image: Running local shell script: /tmp/x/packer-shell42`);
    say('message', `    null.image: ${markerText(nonce, index, steps.length, edge)}`);
  };
  const texts = () => lines.map(({ text }) => text);
  return { clock, lines, texts, events, outbox, log, facts, tracker, reader, say, mark };
};

describe('steps in the output', () => {
  it('are told with their begin and end, and own the lines between (S76)', () => {
    const { clock, lines, events, say, mark } = start();
    mark(1, 'begin');
    say('message', '    null.image: hello, world');
    clock.pass(3100);
    mark(1, 'end');
    say('say', '==> null.image: between');
    expect(lines.map(({ stream, step, text }) => [stream, step, text])).toEqual([
      ['goldsmith', 1, 'Step 1/2 install: started'],
      ['stdout', 1, 'hello, world'],
      ['goldsmith', 1, 'Step 1/2 install: succeeded in 3.1 s'],
      ['packer', null, 'between'],
    ]);
    expect(events.map(({ index, status }) => [index, status])).toEqual([
      [1, 'running'],
      [1, 'succeeded'],
    ]);
  });

  it('cannot be faked by a script: another nonce is only text', () => {
    const { texts, events, mark } = start();
    mark(1, 'begin');
    mark(1, 'end', 'f'.repeat(32));
    expect(events).toHaveLength(1);
    expect(texts()).toContain(markerText('f'.repeat(32), 1, 2, 'end'));
  });

  it('succeed when the next one begins, should an end be missing', () => {
    const { events, mark } = start();
    mark(1, 'begin');
    mark(2, 'begin');
    expect(events.map(({ index, status }) => [index, status])).toEqual([
      [1, 'running'],
      [1, 'succeeded'],
      [2, 'running'],
    ]);
  });

  it('are followed once: markers that come twice, out of turn or for no step change nothing', () => {
    const { events, mark } = start();
    mark(1, 'begin');
    mark(1, 'begin');
    mark(2, 'end');
    mark(9, 'begin');
    mark(1, 'end');
    mark(1, 'end');
    mark(1, 'begin');
    expect(events.map(({ index, status }) => [index, status])).toEqual([
      [1, 'running'],
      [1, 'succeeded'],
    ]);
  });

  it('that run when the build fails have failed, later ones are skipped', () => {
    const { events, lines, tracker, mark } = start([...TWO_STEPS, { index: 3, name: 'last' }]);
    mark(1, 'begin');
    mark(1, 'end');
    mark(2, 'begin');
    tracker.finish('failed');
    expect(events.slice(-2).map(({ index, status }) => [index, status])).toEqual([
      [2, 'failed'],
      [3, 'skipped'],
    ]);
    expect(lines.at(-1)).toMatchObject({
      text: 'Step 2/3 harden: failed after 0.0 s',
      level: 'error',
      step: 2,
    });
  });

  it('fail as soon as Packer 1.6 says so: its clean-up is not theirs (S80)', () => {
    const { events, lines, tracker, say, mark } = start();
    mark(1, 'begin');
    say(
      'say',
      '==> null.image: Provisioning step had errors: Running the cleanup provisioner, if present...',
    );
    say('say', '==> null.image: Terminating the source AWS instance...');
    tracker.finish('failed');
    expect(lines.at(-1)).toMatchObject({ stream: 'packer', step: null });
    expect(events.map(({ index, status }) => [index, status])).toEqual([
      [1, 'running'],
      [1, 'failed'],
      [2, 'skipped'],
    ]);
  });

  it('do not fail because a script prints what Packer would say', () => {
    const modern = start(TWO_STEPS, 'modern');
    const old = start();
    for (const { say, mark } of [modern, old]) {
      mark(1, 'begin');
      say(
        'message',
        '    null.image: Provisioning step had errors: Running the cleanup provisioner, if present...',
      );
    }
    modern.say(
      'say',
      '==> null.image: Provisioning step had errors: Running the cleanup provisioner, if present...',
    );
    expect(modern.tracker.current()).toBe(1);
    expect(old.tracker.current()).toBe(1);
  });

  it('that were stopped say so', () => {
    const { texts, tracker, mark } = start();
    mark(1, 'begin');
    tracker.finish('stopped');
    expect(texts().at(-1)).toBe('Step 1/2 install: stopped after 0.0 s');
  });

  it('that went over their limit are named (S78)', () => {
    const { clock, lines, tracker, mark } = start();
    mark(2, 'begin');
    clock.pass(60_000);
    tracker.finish('failed');
    expect(lines.at(-2)).toMatchObject({
      text: 'Step 2/2 harden: timed out: it took longer than its limit of 60 s',
      level: 'error',
      step: 2,
    });
  });

  it('that Packer cancelled at their limit are named, also when their begin was read a moment late (S78)', () => {
    for (const [generation, voice] of [
      ['1.6', 'error'],
      ['modern', 'say'],
    ] as const) {
      const { clock, texts, tracker, say, mark } = start(TWO_STEPS, generation);
      mark(2, 'begin');
      clock.pass(59_980);
      say(voice, '==> null.image: Cancelling provisioner after a timeout...');
      tracker.finish('failed');
      expect(texts()).toContain('Step 2/2 harden: timed out: it took longer than its limit of 60 s');
    }
  });

  it('that Packer cancelled at their limit are named, also when Packer says so last (S78)', () => {
    const { clock, texts, say, mark } = start();
    mark(2, 'begin');
    clock.pass(59_980);
    say(
      'say',
      '==> null.image: Provisioning step had errors: Running the cleanup provisioner, if present...',
    );
    say('error', '==> null.image: Cancelling provisioner after a timeout...');
    say('error', '==> null.image: Cancelling provisioner after a timeout...');
    const late = 'Step 2/2 harden: timed out: it took longer than its limit of 60 s';
    expect(texts().filter((text) => text === late)).toHaveLength(1);
  });

  it('that have no limit are not called late, whatever their script prints', () => {
    const { texts, tracker, say, mark } = start();
    mark(1, 'begin');
    say('error', '==> null.image: Cancelling provisioner after a timeout...');
    tracker.finish('failed');
    expect(texts().join()).not.toContain('timed out');
  });

  it('that fail within their limit are not called late', () => {
    const { clock, texts, tracker, mark } = start();
    mark(2, 'begin');
    clock.pass(59_000);
    tracker.finish('failed');
    expect(texts().join()).not.toContain('timed out');
  });

  it('that pause and are tried again are late only when all their limits are over', () => {
    const steps = [{ index: 1, name: 'install', timeoutSeconds: 60, longestSeconds: 150 }];
    const { clock, texts, tracker, mark } = start(steps);
    mark(1, 'begin');
    clock.pass(149_000);
    tracker.finish('failed');
    expect(texts().join()).not.toContain('timed out');
  });

  it('that are silent are reported with the elapsed time, ever more rarely (S77)', () => {
    const { clock, texts, tracker, say, mark } = start();
    mark(1, 'begin');
    for (let second = 0; second < 600; second += 1) {
      clock.pass(1000);
      tracker.tick();
    }
    expect(texts().slice(1)).toEqual([
      'Step 1/2 install: still running after 30.0 s',
      'Step 1/2 install: still running after 1 min 30 s',
      'Step 1/2 install: still running after 3 min 30 s',
      'Step 1/2 install: still running after 7 min 30 s',
    ]);
    say('message', '    null.image: a word');
    clock.pass(29_000);
    tracker.tick();
    expect(texts().at(-1)).toBe('a word');
    clock.pass(1000);
    tracker.tick();
    expect(texts().at(-1)).toContain('still running after 10 min 30 s');
  });

  it('count as succeeded in a build that succeeded, seen or not', () => {
    const { events, tracker } = start();
    tracker.finish('succeeded');
    expect(events.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  });
});

describe('who speaks in a line', () => {
  it('is told apart by voice in Packer 1.6', () => {
    const { lines, say, mark } = start();
    mark(1, 'begin');
    say('say', '==> null.image: Provisioning with shell script: /x/1.sh');
    say('message', '    null.image: out');
    say('error', '==> null.image: err');
    say('error', "Build 'null.image' errored after 2 seconds: Script exited with non-zero exit status: 3.");
    expect(lines.slice(1).map(({ stream, level, text }) => [stream, level, text])).toEqual([
      ['packer', 'info', 'Provisioning with shell script: /x/1.sh'],
      ['stdout', 'info', 'out'],
      ['stderr', 'error', 'err'],
      [
        'packer',
        'error',
        "Build 'null.image' errored after 2 seconds: Script exited with non-zero exit status: 3.",
      ],
    ]);
  });

  it('is told apart by words in a modern Packer, which says everything in one voice', () => {
    const { lines, say, mark } = start(TWO_STEPS, 'modern');
    mark(1, 'begin');
    say('say', '==> null.image: Provisioning with shell script: /x/1.sh');
    say('say', '==> null.image: out');
    say('error', '==> null.image: err');
    mark(1, 'end');
    say('say', '==> null.image: Stopping the source instance...');
    expect(lines.map(({ stream }) => stream)).toEqual([
      'goldsmith',
      'packer',
      'stdout',
      'stderr',
      'goldsmith',
      'packer',
    ]);
  });

  it('is Packer in what it prints when it crashes', () => {
    const { lines, reader } = start();
    reader.read({ text: 'panic: runtime error', isCut: false }, 'stderr');
    reader.read({ text: '', isCut: false }, 'stderr');
    reader.read({ text: 'not machine-readable', isCut: false }, 'stdout');
    expect(lines.map(({ stream, level, text }) => [stream, level, text])).toEqual([
      ['packer', 'error', 'panic: runtime error'],
      ['packer', 'info', 'not machine-readable'],
    ]);
  });
});

describe('facts about the build', () => {
  it('are read for every platform that there is, in its own words', () => {
    for (const { id, readOutput } of Object.values(platforms)) expect(readOutputOf(id)).toBe(readOutput);
    expect(readOutputOf('unknown')('Instance ID: i-0123456789abcdef0')).toEqual({});
  });

  it('are read from what Packer says (S83)', () => {
    const { outbox, facts, say } = start();
    say('message', '    amazon-ebs.image: Instance ID: i-1');
    expect(outbox.take()).toMatchObject({
      buildVm: { locator: 'i-1' },
      temporaries: [{ kind: 'instance', id: 'i-1' }],
    });
    expect(facts.temporaries()).toEqual([{ kind: 'instance', id: 'i-1' }]);
  });

  it('are not read from a script', () => {
    const { outbox, facts, say, mark } = start();
    mark(1, 'begin');
    say('message', '    amazon-ebs.image: Instance ID: i-evil');
    expect(outbox.take()).toBeUndefined();
    expect(facts.temporaries()).toEqual([]);
  });

  it('are passed on only when they are new', () => {
    const { outbox, say } = start();
    say('message', '    amazon-ebs.image: Instance ID: i-1');
    outbox.confirm(outbox.take());
    say('message', '    amazon-ebs.image: Instance ID: i-1');
    expect(outbox.take()).toBeUndefined();
  });

  it('wait until the build VM has a name, and are bounded', () => {
    const outbox = createProgressOutbox();
    const facts = createBuildFacts(
      (text) => ({ buildVm: { address: text }, temporaries: [{ kind: 'x', id: text }] }),
      outbox,
    );
    for (let each = 0; each < 150; each += 1) facts.read(String(each));
    expect(outbox.take()).toEqual({ temporaries: facts.temporaries() });
    expect(facts.temporaries()).toHaveLength(100);
  });
});

describe('secrets in the output', () => {
  it('are hidden in every stream, also in the error lines of the completion', () => {
    const { texts, log, reader, say, mark } = start();
    say('say', '==> null.image: connecting with top-secret-value');
    mark(1, 'begin');
    say('message', '    null.image: \u001b[31mtop-\u001b[0msecret-value');
    say('error', '==> null.image: top-secret-value');
    reader.read({ text: 'panic: top-secret-value', isCut: false }, 'stderr');
    reader.read({ text: '1,,ui,error,x top-secret-v', isCut: true }, 'stdout');
    expect(texts().join('\n')).not.toContain('secret-v');
    expect(JSON.stringify(log.errors())).not.toContain('secret-v');
  });
});

describe('the error lines of the completion', () => {
  it('are the first and the last ones, with number and step', () => {
    const { log, say, mark } = start();
    mark(1, 'begin');
    for (let each = 1; each <= 60; each += 1) say('error', `==> null.image: error ${each}`);
    expect(log.errors()).toHaveLength(24);
    expect(log.errors()[0]).toEqual({ seq: 2, step: 1, text: 'error 1' });
    expect(log.errors()[4]).toEqual({ seq: 42, step: 1, text: 'error 41' });
    expect(log.errors().at(-1)).toEqual({ seq: 61, step: 1, text: 'error 60' });
  });

  it('are short enough to be kept', () => {
    const { log, lines, say } = start();
    say('error', `==> null.image: ${'x'.repeat(20_000)}`);
    expect(Buffer.byteLength(log.errors()[0]?.text ?? '')).toBeLessThanOrEqual(2000);
    expect(Buffer.byteLength(lines[0]?.text ?? '')).toBeLessThanOrEqual(8192);
  });
});
