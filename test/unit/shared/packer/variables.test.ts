import { describe, expect, it } from 'vitest';
import { secretsOf, variableFinder } from '../../../../shared/packer/variables.ts';
import { aws } from '../../../../shared/platforms/aws/index.ts';
import { file, powershell, secret, shell, snapshot, step, ulid } from './fixtures.ts';

const two = shell({
  secretEnvironment: { B: secret('secretEnvironment/B'), A: secret('secretEnvironment/A') },
});
const other = shell({ id: `prv_${ulid('ZZ')}`, secretEnvironment: { A: secret('secretEnvironment/A') } });

describe('secrets of a snapshot', () => {
  it('are named in the order of steps and names, each once', () => {
    const steps = [step(1, two), step(2, file()), step(3, other), step(4, two)];
    expect(secretsOf(snapshot({ steps }), aws)).toEqual([
      {
        variable: 'secret_1',
        ciphertext: 'cipher of secretEnvironment/A',
        field: 'secretEnvironment/A',
        kind: 'provisioner',
        entityId: two.id,
      },
      expect.objectContaining({ variable: 'secret_2', field: 'secretEnvironment/B', entityId: two.id }),
      expect.objectContaining({ variable: 'secret_3', field: 'secretEnvironment/A', entityId: other.id }),
    ]);
  });

  it('give way to a plain variable of the definition or the group', () => {
    const steps = [step(1, two, { A: 'plain' })];
    expect(secretsOf(snapshot({ steps }), aws).map(({ field }) => field)).toEqual(['secretEnvironment/B']);
  });

  it.each([
    [powershell({ secretEnvironment: { Token: secret('Token'), Rest: secret('Rest') } }), ['Rest']],
    [shell({ secretEnvironment: { Token: secret('Token'), Rest: secret('Rest') } }), ['Rest', 'Token']],
  ])('give way as the system tells names apart', (provisioner, fields) => {
    const steps = [step(1, provisioner, { TOKEN: 'plain' })];
    expect(secretsOf(snapshot({ steps }), aws).map(({ field }) => field)).toEqual(fields);
  });

  it('give way to what a run says of itself', () => {
    const secretEnvironment = { GOLDSMITH_RUN_ID: secret('id'), GOLDSMITH_OTHER: secret('other') };
    const steps = [step(1, shell({ secretEnvironment }))];
    expect(secretsOf(snapshot({ steps }), aws).map(({ field }) => field)).toEqual(['other']);
  });

  it('are there once where Windows takes two names for one, the same whatever their order', () => {
    const fieldsOf = (secretEnvironment: Record<string, ReturnType<typeof secret>>) => {
      const steps = [step(1, powershell({ secretEnvironment }))];
      return secretsOf(snapshot({ steps }), aws).map(({ field }) => field);
    };
    const [Token, TOKEN] = [secret('first'), secret('second')];
    expect(fieldsOf({ Token, TOKEN })).toEqual(['first']);
    expect(fieldsOf({ TOKEN, Token })).toEqual(['first']);
  });

  it('that nobody declared are an error of ours', () => {
    expect(() => variableFinder([])('prv_1', 'secretEnvironment/A')).toThrow(
      'no variable for secretEnvironment/A of prv_1',
    );
  });
});
