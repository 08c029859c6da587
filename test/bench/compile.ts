/**
 * `npm run bench -- compile [rounds]`: how long the compiler takes for a role with 10, 100, 200 and 1000 provisioners, and
 * how large the bundle is; a straight line has the same ratio per provisioner everywhere. A run has at most 200 steps.
 */
import { compileBundle } from '../../shared/packer/compile.ts';
import { compileInput, powershell, secret, shell, snapshot, step } from '../unit/shared/packer/fixtures.ts';
import { median, table } from './support/figures.ts';
import { machine } from './support/with-stack.ts';

const ROUNDS = 21;
const SIZES = [10, 100, 200, 1000] as const;
const rounds = Number(process.argv[2] ?? ROUNDS);

/** A script of about a kilobyte, as most are, with two secrets of its own. */
const script = `#!/bin/bash\nset -eu\n${'echo "a line of a script"\n'.repeat(40)}`;
const inputOf = (count: number) => {
  const steps = Array.from({ length: count }, (_, at) => {
    const secretEnvironment = { TOKEN: secret('TOKEN'), LICENCE: secret('LICENCE') };
    const fields = { id: `prv_${at}`, script, secretEnvironment };
    const provisioner = at % 2 === 0 ? shell(fields) : powershell(fields);
    return step(at + 1, provisioner, { ONE: 'value', TWO: 'another “value”' });
  });
  return compileInput({ snapshot: snapshot({ steps }), generation: 'modern' });
};

/** Milliseconds of one compilation. */
const timed = (input: ReturnType<typeof inputOf>): number => {
  const begin = performance.now();
  compileBundle(input);
  return performance.now() - begin;
};

console.log(`${machine()}, ${rounds} rounds of each\n`);
const rows = SIZES.map((count) => {
  const input = inputOf(count);
  timed(input);
  const milliseconds = median(Array.from({ length: rounds }, () => timed(input)));
  const bytes = Buffer.byteLength(JSON.stringify(compileBundle(input)));
  return { count, milliseconds, bytes };
});
console.log(
  table(
    ['provisioners', 'ms', 'µs for each', 'bytes', 'bytes for each'],
    rows.map(({ count, milliseconds, bytes }) => [
      String(count),
      milliseconds.toFixed(2),
      ((milliseconds * 1000) / count).toFixed(0),
      bytes.toLocaleString('en'),
      (bytes / count).toFixed(0),
    ]),
  ),
);
