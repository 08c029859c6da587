import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { sample } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { RunSnapshot } from '../../../shared/contracts/snapshot.ts';
import { compileBundle } from '../../../shared/packer/compile.ts';
import { isMarkerNoise, readMarker } from '../../../shared/packer/markers.ts';
import { serializeTemplate } from '../../../shared/packer/serialize.ts';
import {
  compileInput,
  file,
  fullSnapshot,
  shell,
  snapshot,
  step,
  windowsSnapshot,
  withSettings,
} from '../../unit/shared/packer/fixtures.ts';
import { hostileText, isCarried } from '../../unit/shared/packer/hostile.ts';

const run = promisify(execFile);
const NONCE = '5d0e8f2c7b9a4136';
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compiler-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const write = async (files: { path: string; content: string }[]): Promise<void> => {
  for (const { path, content } of files) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
};

/** Runs Packer in the job's folder and answers what it printed. */
const packer = async (...args: string[]): Promise<string> => {
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    TMPDIR: folder,
    CHECKPOINT_DISABLE: '1',
    PACKER_NO_COLOR: '1',
    PKR_VAR_goldsmith_nonce: NONCE,
    PKR_VAR_secret_1: 'a secret value',
  };
  const { stdout } = await run('packer', args, { cwd: folder, env });
  return stdout;
};

describe('compiled bundles before a real Packer', () => {
  const hostile = sample(hostileText, 200).filter(isCarried);
  const environment = Object.fromEntries(hostile.slice(0, 90).map((text, place) => [`V${place}`, text]));
  const cases: Record<string, RunSnapshot> = {
    'every field set': fullSnapshot(),
    'Windows over WinRM': windowsSnapshot(),
    'a spot instance': withSettings(snapshot(), { spotPrice: 'auto', disableStopInstance: false }),
    'no steps': snapshot({ steps: [] }),
    'hostile scripts and environment': snapshot({
      steps: [
        step(1, shell({ script: hostile.join('\n') }), environment),
        step(2, file({ content: hostile.join('') })),
      ],
    }),
  };

  it.each(Object.entries(cases))('are valid: %s', async (_, from) => {
    await write(compileBundle(compileInput({ snapshot: from, ec2Endpoint: 'http://127.0.0.1:9' })).files);
    expect(await packer('validate', '-machine-readable', '.')).not.toMatch(/,error/);
  });

  it('do not show the values of secrets when they are inspected', async () => {
    await write(compileBundle(compileInput({ snapshot: fullSnapshot() })).files);
    expect(await packer('inspect', '.')).not.toContain('a secret value');
  });
});

describe('the serializer before a real Packer', () => {
  it('brings hostile text through unchanged, in Unicode’s composed form', async () => {
    const texts = sample(hostileText, 500).filter(isCarried);
    const data = Object.fromEntries(texts.map((text, place) => [`${place} ${text}`, text]));
    const manifest = { manifest: { output: 'manifest.json', custom_data: data } };
    const content = serializeTemplate({
      source: { null: { t: { communicator: 'none' } } },
      build: { sources: ['source.null.t'], 'post-processor': [manifest] },
    });
    await write([{ path: 'image.pkr.json', content }]);
    await packer('build', '-machine-readable', '.');
    const builds = z.object({ builds: z.array(z.object({ custom_data: z.record(z.string(), z.string()) })) });
    const read = builds.parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))).builds[0];
    const composed = texts.map((text) => text.normalize('NFC'));
    expect(read?.custom_data).toEqual(
      Object.fromEntries(composed.map((text, place) => [`${place} ${text}`, text])),
    );
  });
});

describe('step markers before a real Packer (S76)', () => {
  it('arrive with the nonce of the run, each after one line of noise', async () => {
    const { files } = compileBundle(compileInput());
    const template = z
      .object({
        variable: z.unknown(),
        build: z.object({ provisioner: z.array(z.record(z.string(), z.unknown())) }),
      })
      .parse(JSON.parse(files[0]?.content ?? ''));
    const markers = template.build.provisioner.filter((one) => 'shell-local' in one);
    const content = JSON.stringify({
      variable: template.variable,
      source: { null: { t: { communicator: 'none' } } },
      build: { sources: ['source.null.t'], provisioner: markers },
    });
    await write([{ path: 'image.pkr.json', content }]);
    const texts = (await packer('build', '-machine-readable', '.'))
      .split('\n')
      .map((line) => line.split(',').at(4) ?? '');
    expect(texts.flatMap((text) => readMarker(text, NONCE) ?? [])).toEqual([
      { index: 1, edge: 'begin' },
      { index: 1, edge: 'end' },
    ]);
    expect(texts.filter(isMarkerNoise)).toHaveLength(2);
  });
});
