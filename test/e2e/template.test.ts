import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMULATOR_CREDENTIALS } from '../../infra/local/stack/settings.ts';
import { type Template, templateSchema } from '../../shared/contracts/entities/template.ts';
import { sha256 } from '../../shared/domain/sha256.ts';
import { bootAndReadFile, imagesNamed } from '../support/e2e-account.ts';
import { get, localStack, request } from '../support/e2e-client.ts';
import { createDefinition, shellStep } from '../support/e2e-definitions.ts';
import { uploadResource } from '../support/e2e-resources.ts';
import { outputOf, readLog, startRun, waitForRun } from '../support/e2e-runs.ts';

const UPLOADED =
  '#!/bin/bash\nset -eu\necho "uploaded says {{ hello }} to $GREETING"\necho "$GREETING" | sudo tee /etc/greeting\n';
const GREETING = 'it\'s ${everybody} %{ here } "$(id)"';
const SECRET = 'a secret of eight and more';
const run = promisify(execFile);
let folder = '';
let definitionId = '';
let template: Template;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'template-'));
  const { id: resourceId } = await uploadResource('greet.sh', UPLOADED);
  const uploaded = { name: 'greet', type: 'shell', osFamily: 'linux', resourceId } as const;
  const secret = shellStep('digest', 'printf %s "$TOKEN" | sha256sum\n', {
    secretEnvironment: { TOKEN: { value: SECRET } },
  });
  const { definition } = await createDefinition('Taken', [uploaded, secret], {
    variables: { GREETING },
  });
  definitionId = definition.id;
  template = await get(`/image-definitions/${definitionId}/template`, templateSchema);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Does with a template what its reader is told to. */
const takeAlong = async ({ files, downloads }: Template): Promise<void> => {
  for (const { path, content } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  for (const { path, url, sha256: wanted } of downloads) {
    const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
    expect(sha256(bytes)).toBe(wanted);
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
};

/** Packer alone, with the credentials of the account's owner: no part of Goldsmith is asked any more. */
const packAlone = async ({ commands, variables }: Template): Promise<string> => {
  const { region } = localStack();
  const values = variables.map(({ name, from }): [string, string] => [
    `PKR_VAR_${name}`,
    from === 'runner' ? 'any-word' : SECRET,
  ]);
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    TMPDIR: folder,
    CHECKPOINT_DISABLE: '1',
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: EMULATOR_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: EMULATOR_CREDENTIALS.secretAccessKey,
    ...Object.fromEntries(values),
  };
  const said: string[] = [];
  for (const command of commands) {
    const [program = '', ...args] = command.split(' ');
    said.push((await run(program, args, { cwd: folder, env })).stdout);
  }
  return said.join('');
};

const imageNameIn = ({ files }: Template): string =>
  /"ami_name": "([^"]+)"/.exec(files.find(({ path }) => path === 'image.pkr.json')?.content ?? '')?.[1] ?? '';

describe('the template of a definition (nobody is locked in)', () => {
  it('holds no secret, and names each variable by whose secret it is', () => {
    expect(JSON.stringify(template)).not.toContain(SECRET);
    expect(template.variables.map(({ from }) => from.replace(/prv_\w+/, 'prv_'))).toEqual([
      'runner',
      'provisioner prv_ /secretEnvironment/TOKEN',
    ]);
    expect(template.downloads).toHaveLength(1);
  });

  it('builds the image with Packer alone: the uploaded script, environment and secret are there', async () => {
    await takeAlong(template);
    const said = await packAlone(template);
    expect(said).toContain(`uploaded says {{ hello }} to ${GREETING}`);
    expect(said).toContain(sha256(SECRET));
    const [image] = await imagesNamed(imageNameIn(template));
    expect((await bootAndReadFile(image?.ImageId ?? '', '/etc/greeting')).trim()).toBe(GREETING);
  });

  it('can be had for the other generation of Packer', async () => {
    const modern = await get(`/image-definitions/${definitionId}/template?packer=modern`, templateSchema);
    expect(modern.files.map(({ path }) => path)).toContain('plugins.pkr.json');
    expect(modern.commands[0]).toBe('packer init .');
  });

  it('of a definition that is not there is 404', async () => {
    const answer = await request('GET', '/image-definitions/def_01JD0000000000000000000000/template');
    expect(answer.status).toBe(404);
  });
});

describe('the template of a run', () => {
  it('is what that run gave to Packer: its number, and the base image as it was found', async () => {
    // The image of the test before has the name of number 1.
    const definition = { firstNumber: 2 };
    expect((await request('PATCH', `/image-definitions/${definitionId}`, definition)).status).toBe(200);
    const ended = await waitForRun((await startRun(definitionId)).id);
    expect([ended.status, ended.number]).toEqual(['Succeeded', 2]);
    const log = await readLog(ended.id);
    expect(outputOf(log, 1)[0]).toBe(`uploaded says {{ hello }} to ${GREETING}`);
    const ran = await get(`/runs/${ended.id}/template`, templateSchema);
    const text = ran.files.find(({ path }) => path === 'image.pkr.json')?.content ?? '';
    expect(imageNameIn(ran)).toBe(ended.imageName);
    expect(text).toMatch(/"source_ami": "ami-/);
    expect(text).toContain(ended.id);
    expect(ran.downloads.map(({ sha256: digest }) => digest)).toEqual([sha256(UPLOADED)]);
  });
});
