import { describe, expect, it } from 'vitest';
import { compileBundle } from '../../../shared/packer/compile.ts';
import { isMarkerNoise, readMarker } from '../../../shared/packer/markers.ts';
import { NONCE } from '../../support/null-build.ts';
import { inFolder, runPacker, type TextFile, writeFiles } from '../../support/packer-command.ts';
import { validateBundles } from '../../support/packer-validate.ts';
import { compileInput, fullSnapshot, snapshot, withSettings } from '../../unit/shared/packer/fixtures.ts';

const SECRETS = { goldsmith_nonce: NONCE, secret_1: 'a secret value' };
const packer = (files: TextFile[], ...args: string[]) =>
  inFolder(async (folder) => {
    await writeFiles(folder, files);
    return runPacker(folder, args, SECRETS);
  });

describe('compiled bundles before a real Packer', () => {
  it('are valid also without steps, for a spot instance and with an endpoint of EC2', async () => {
    const ec2Endpoint = 'http://127.0.0.1:9';
    const bundles = [
      compileBundle(compileInput({ snapshot: snapshot({ steps: [] }) })),
      compileBundle(compileInput({ snapshot: withSettings(snapshot(), { spotPrice: 'auto' }) })),
      compileBundle(compileInput({ ec2Endpoint })),
    ];
    expect(await validateBundles(bundles)).toEqual([]);
  });

  it('do not show the values of secrets when they are inspected', async () => {
    const { files } = compileBundle(compileInput({ snapshot: fullSnapshot() }));
    const { lines } = await packer(files, 'inspect', '.');
    expect(lines.join('\n')).toContain('var.secret_1');
    expect(lines.join('\n')).not.toContain('a secret value');
  });
});

describe('step markers before a real Packer (S76)', () => {
  it('are heard without a build VM, each after one line of noise', async () => {
    const marker = (text: string) => ({
      'shell-local': { inline: [`echo @@goldsmith \${var.goldsmith_nonce} ${text}`] },
    });
    const template = {
      variable: { goldsmith_nonce: { type: 'string' } },
      source: { null: { image: { communicator: 'none' } } },
      build: {
        sources: ['source.null.image'],
        provisioner: [marker('step 1/1 begin'), marker('step 1/1 end')],
      },
    };
    const content = JSON.stringify(template);
    const { lines } = await packer([{ path: 'image.pkr.json', content }], 'build', '-machine-readable', '.');
    expect(lines.flatMap((line) => readMarker(line, NONCE) ?? [])).toEqual([
      { index: 1, edge: 'begin' },
      { index: 1, edge: 'end' },
    ]);
    expect(lines.filter(isMarkerNoise)).toHaveLength(2);
  });
});
