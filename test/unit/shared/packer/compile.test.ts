import { createHash } from 'node:crypto';
import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobBundleSchema } from '../../../../shared/contracts/bundle.ts';
import type { SnapshotStep } from '../../../../shared/contracts/snapshot.ts';
import { compileBundle } from '../../../../shared/packer/compile.ts';
import { TemplateTextError } from '../../../../shared/packer/serialize.ts';
import {
  compileInput,
  file,
  fullSnapshot,
  powershell,
  run,
  secret,
  shell,
  snapshot,
  step,
  windowsSnapshot,
  withSettings,
} from './fixtures.ts';
import { hostileText, isCarried, unescapeHcl } from './hostile.ts';

/** All texts of a template as Packer reads them; our own expressions are taken out before. */
const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string') return [unescapeHcl(value.replaceAll(/(?<!\$)\$\{var\.\w+\}/g, ''))];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) => [unescapeHcl(key), ...textsOf(field)]);
};

const templateOf = (input: Parameters<typeof compileBundle>[0]): unknown =>
  JSON.parse(compileBundle(input).files[0]?.content ?? '');

/** The texts of a template with `text` and `other` in every field where users write freely, or that it was refused. */
const textsAfter = (text: string, other: string): string[] | 'refused' => {
  const from = withSettings(fullSnapshot(), { amiDescription: text, iamInstanceProfile: other });
  const input = compileInput({
    snapshot: {
      ...from,
      steps: [step(1, shell({ name: text }), { MOTTO: text })],
      connection: {
        ...from.connection,
        imageTags: { [`k${other}`]: text },
        temporaryResourceTags: { owner: text },
      },
    },
  });
  try {
    return textsOf(templateOf(input));
  } catch (error) {
    if (error instanceof TemplateTextError) return 'refused';
    throw error;
  }
};

describe('the compiler of job bundles', () => {
  it('makes a bundle that its contract knows', () => {
    const bundle = compileBundle(compileInput({ snapshot: fullSnapshot(), generation: 'modern' }));
    expect(jobBundleSchema.parse(bundle)).toEqual(bundle);
  });

  it('gives the same bytes for the same snapshot, whatever the order of variables', () => {
    const turned = <T>(record: Record<string, T>): Record<string, T> =>
      Object.fromEntries(Object.entries(record).toReversed());
    const secrets = { B: secret('secretEnvironment/B'), A: secret('secretEnvironment/A') };
    const plain = { Z: '1', Y: '2' };
    const compiled = (order: <T>(record: Record<string, T>) => Record<string, T>) =>
      compileBundle(
        compileInput({
          snapshot: snapshot({
            steps: [step(1, shell({ secretEnvironment: order(secrets) }), order(plain))],
          }),
        }),
      );
    expect(compiled(turned)).toEqual(compiled((record) => structuredClone(record)));
  });

  it('gives every file its checksum', () => {
    for (const { content, sha256 } of compileBundle(compileInput({ snapshot: fullSnapshot() })).files) {
      expect(sha256).toBe(createHash('sha256').update(content).digest('hex'));
    }
  });

  it('keeps scripts and contents byte for byte and out of the template', () => {
    const compiled = (script: string, content: string) =>
      compileBundle(
        compileInput({
          snapshot: snapshot({ steps: [step(1, shell({ script })), step(2, file({ content }))] }),
        }),
      ).files;
    const [template] = compiled('#!/bin/sh\n', '');
    expect.hasAssertions();
    assert(
      property(hostileText, hostileText, (script, content) => {
        const text = `#!/bin/sh\n${script}`;
        expect(compiled(text, content)).toMatchObject([
          template,
          { path: 'steps/001.sh', content: text },
          { path: 'steps/002.content', content },
        ]);
      }),
    );
  });

  it('carries hostile text of every field of a user unchanged into Packer, or refuses it', () => {
    expect.hasAssertions();
    assert(
      property(hostileText, hostileText, (text, other) => {
        const wanted = [`MOTTO=${text}`, `k${other}`, text, other];
        const found = textsAfter(text, other);
        expect(found === 'refused' ? found : wanted.filter((one) => !found.includes(one))).toEqual(
          isCarried(text) && isCarried(other) ? [] : 'refused',
        );
      }),
    );
  });

  it('never holds the value or the ciphertext of a secret', () => {
    const bundle = JSON.stringify(compileBundle(compileInput({ snapshot: fullSnapshot() })));
    expect(bundle).not.toContain('cipher of');
  });

  it('declares secrets sensitive and without a value, and the nonce as what it is: no secret', () => {
    expect(templateOf(compileInput({ snapshot: fullSnapshot() }))).toMatchObject({
      variable: { goldsmith_nonce: { type: 'string' }, secret_1: { type: 'string', sensitive: true } },
    });
  });

  it('says where each variable comes from', () => {
    const { variables } = compileBundle(compileInput({ snapshot: windowsSnapshot() }));
    expect(variables).toEqual([
      { name: 'goldsmith_nonce', from: 'runner' },
      { name: 'secret_1', from: `provisioner ${powershell().id} secretEnvironment/LICENCE` },
    ]);
  });

  it('names the steps with the limit of a try and the longest time of all tries (S76, S78)', () => {
    const steps = [
      step(1, shell({ timeoutSeconds: 90, pauseBeforeSeconds: 5, retries: 2 })),
      step(2, file({ retries: 1 })),
      step(3, file({ timeoutSeconds: 10 })),
    ];
    expect(compileBundle(compileInput({ snapshot: snapshot({ steps }) })).steps).toEqual([
      { index: 1, name: 'update packages', timeoutSeconds: 90, longestSeconds: 275 },
      { index: 2, name: 'message of the day' },
      { index: 3, name: 'message of the day', timeoutSeconds: 10, longestSeconds: 10 },
    ]);
  });

  it('pins the plugins for modern Packer only', () => {
    const paths = (generation: '1.6' | 'modern') =>
      compileBundle(compileInput({ generation })).files.map(({ path }) => path);
    expect(paths('modern')).toContain('plugins.pkr.json');
    expect(paths('1.6')).not.toContain('plugins.pkr.json');
  });

  it('says which plug-ins the steps need', () => {
    const steps = [step(1, { ...shell(), type: 'ansible-local' })];
    const { plugins } = compileBundle(compileInput({ snapshot: snapshot({ steps }), generation: 'modern' }));
    expect(Object.keys(plugins)).toEqual(['amazon', 'ansible']);
  });

  it('tells each script of its run, whatever a user calls a variable', () => {
    const snapshotOf = (from: SnapshotStep) => snapshot({ steps: [from] });
    const own = { GOLDSMITH_RUN_NUMBER: 'mine', Goldsmith_Step: 'mine' };
    const variables = (from: SnapshotStep) =>
      JSON.stringify(templateOf(compileInput({ snapshot: snapshotOf(from) })))
        .match(/(?<=")goldsmith_\w+=[^"]*/gi)
        ?.sort();
    const expected = [
      'GOLDSMITH_IMAGE_NAME=Web-Base-v7',
      `GOLDSMITH_RUN_ID=${run.runId}`,
      'GOLDSMITH_RUN_NUMBER=7',
      'GOLDSMITH_STEP=1',
    ];
    expect(variables(step(1, shell(), own))).toEqual([...expected, 'Goldsmith_Step=mine']);
    expect(variables(step(1, powershell(), own))?.map((one) => one.split('=')[0])).toEqual(
      expected.map((one) => one.split('=')[0]),
    );
  });

  it('compiles a run without steps', () => {
    expect(templateOf(compileInput({ snapshot: snapshot({ steps: [] }) }))).toMatchObject({
      build: { sources: ['source.amazon-ebs.image'] },
    });
  });
});
