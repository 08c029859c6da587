/** The template of a run, built by Packer alone: what somebody without Goldsmith would wait for. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { EMULATOR_CREDENTIALS } from '../../infra/local/stack/settings.ts';
import { NONCE_VARIABLE } from '../../shared/contracts/bundle.ts';
import type { Template } from '../../shared/contracts/entities/template.ts';
import { localStack } from './e2e-client.ts';

const templateSchema = z.looseObject({
  source: z.record(z.string(), z.record(z.string(), z.looseObject({ ami_name: z.string() }))),
  build: z.looseObject({ provisioner: z.array(z.record(z.string(), z.unknown())) }),
});

/** How long Packer took, in milliseconds: in all, and until it began with its work. */
export type PlainBuild = { total: number; toFirstLine: number };

/** Whether the markers of the steps, which only Goldsmith needs, stay in the template. */
export type Markers = 'with markers' | 'without markers';

/** The template with names of its own. */
const plainTemplate = (content: string, imageName: string, markers: Markers): string => {
  const template = templateSchema.parse(JSON.parse(content));
  const provisioner = template.build.provisioner.filter(
    (each) => markers === 'with markers' || !('shell-local' in each),
  );
  const source = Object.fromEntries(
    Object.entries(template.source).map(([type, sources]) => [
      type,
      Object.fromEntries(
        Object.entries(sources).map(([name, body]) => [
          name,
          { ...body, ami_name: imageName, temporary_key_pair_name: imageName },
        ]),
      ),
    ]),
  );
  return JSON.stringify({ ...template, source, build: { ...template.build, provisioner } });
};

/** Builds the template of a run as an image of this name. Throws when Packer does not succeed. */
export const buildPlainly = async (
  template: Pick<Template, 'files'>,
  imageName: string,
  markers: Markers,
): Promise<PlainBuild> => {
  const folder = await mkdtemp(join(tmpdir(), 'goldsmith-plain-'));
  try {
    for (const { path, content } of template.files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      const text = path === 'image.pkr.json' ? plainTemplate(content, imageName, markers) : content;
      await writeFile(join(folder, path), text);
    }
    return await runPacker(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const runPacker = async (folder: string): Promise<PlainBuild> => {
  const { ec2Endpoint, region } = localStack();
  const startedAt = performance.now();
  const packer = spawn('packer', ['build', '-machine-readable', '.'], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      TMPDIR: folder,
      CHECKPOINT_DISABLE: '1',
      AWS_ENDPOINT_URL_EC2: ec2Endpoint,
      AWS_ENDPOINT_URL_STS: ec2Endpoint,
      [`PKR_VAR_${NONCE_VARIABLE}`]: 'unused',
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: EMULATOR_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: EMULATOR_CREDENTIALS.secretAccessKey,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(packer, 'exit');
  const said: string[] = [];
  let toFirstLine: number | undefined;
  for await (const line of createInterface({ input: packer.stdout })) {
    said.push(line);
    // Before that it only says in which colour it will speak.
    if (line.includes(',ui,say,==>')) toFirstLine ??= performance.now() - startedAt;
  }
  await exited;
  const total = performance.now() - startedAt;
  if (packer.exitCode !== 0) throw new Error(`Packer ended with ${packer.exitCode}:\n${said.join('\n')}`);
  return { total, toFirstLine: toFirstLine ?? total };
};
