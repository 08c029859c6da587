import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sample } from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { serializeTemplate } from '../../../shared/packer/serialize.ts';
import { type TemplateObject, TokenText } from '../../../shared/platforms/expression.ts';
import { buildOn, bundleOf } from '../../support/null-build.ts';
import { inFolder, runPacker, writeFiles } from '../../support/packer-command.ts';
import { type SshTarget, startSshTarget } from '../../support/ssh-target.ts';
import { file, powershell, secret, shell, step } from '../../unit/shared/packer/fixtures.ts';
import { CANARIES, carriedText, isCarried } from '../../unit/shared/packer/hostile.ts';

/**
 * Hostile text through real builds, read back where it arrives. HCL keeps all text in Unicode's composed form (NFC), so
 * that is what arrives of texts in a template and of secrets; files and variables on Windows arrive byte for byte.
 */

const TEXTS = 10_000;
/** As long as the value of a variable may be, and full of what a template and a shell give a meaning to. */
const LONG = '${file("/etc/passwd")} %{ if true } $(id) `id` "\'\\ \n Ä “ 🦀 '.repeat(200).slice(0, 8192);
let texts: string[] = [];
let target: SshTarget | undefined;
beforeAll(() => {
  texts = [...CANARIES.filter(isCarried), LONG, ...sample(carriedText, TEXTS)];
});
afterEach(async () => {
  await target?.close();
  target = undefined;
});

const composed = (all: string[]): string[] => all.map((text) => text.normalize('NFC'));
const dealt = (all: string[], count: number): string[][] =>
  Array.from({ length: count }, (_, at) => all.filter((_text, place) => place % count === at));
/** What differs, and not ten thousand texts beside it. */
const differences = (found: readonly unknown[], wanted: readonly unknown[]) =>
  wanted.flatMap((text, at) => (found[at] === text ? [] : [[at, found[at], text]])).slice(0, 5);

const buildOf = async <T>(template: TemplateObject, read: (folder: string) => Promise<T>): Promise<T> =>
  inFolder(async (folder) => {
    await writeFiles(folder, [{ path: 'image.pkr.json', content: serializeTemplate(template) }]);
    const { exitCode, lines } = await runPacker(folder, ['build', '-machine-readable', '.']);
    expect([exitCode, ...(exitCode === 0 ? [] : lines)]).toEqual([0]);
    return read(folder);
  });

describe('text in a template', () => {
  it('is read by Packer as it was written: keys and values of a map', async () => {
    const data = Object.fromEntries(texts.map((text, at) => [`${text} ${at}`, text]));
    const keys = Object.fromEntries(CANARIES.filter(isCarried).map((text) => [text, 'key']));
    const manifest = { manifest: { output: 'manifest.json', custom_data: { ...data, ...keys } } };
    const template = {
      source: { null: { image: { communicator: 'none' } } },
      build: { sources: ['source.null.image'], 'post-processor': [manifest] },
    };
    const read = await buildOf(template, (folder) => readFile(join(folder, 'manifest.json'), 'utf8'));
    const schema = z.object({ builds: z.array(z.object({ custom_data: z.record(z.string(), z.string()) })) });
    const found = schema.parse(JSON.parse(read)).builds[0]?.custom_data ?? {};
    const wanted = composed(texts);
    expect(
      differences(
        wanted.map((text, at) => found[`${text} ${at}`]),
        wanted,
      ),
    ).toEqual([]);
    expect(Object.keys(keys).filter((key) => found[key.normalize('NFC')] !== 'key')).toEqual([]);
    expect(Object.keys(found)).toHaveLength(texts.length + Object.keys(keys).length);
  });

  it('is read by Packer as it was written: a setting, also beside a token that stands for something', async () => {
    const separator = '\n-- next --\n';
    const content = texts.join(separator);
    const tokens = new TokenText('a ${x} %{ y } {{ pwd }} ${{pwd}}', ['pwd']);
    const file = (name: string, body: TemplateObject[string]) => ({ target: name, content: body });
    const template = {
      source: { file: { plain: file('plain', content), token: file('token', tokens) } },
      build: [{ sources: ['source.file.plain'] }, { sources: ['source.file.token'] }],
    };
    const [folder, plain, token] = await buildOf(template, async (folder) => [
      folder,
      await readFile(join(folder, 'plain'), 'utf8'),
      await readFile(join(folder, 'token'), 'utf8'),
    ]);
    expect(differences((plain ?? '').split(separator), composed(content.split(separator)))).toEqual([]);
    expect(token).toBe(['a ${x} %{ y } ', folder, ' $', folder].join(''));
  });
});

/** A script that writes the whole environment into a file, by the Node that runs this. */
const dump = (name: string): string =>
  `#!${process.execPath}\nrequire('node:fs').writeFileSync(process.env.HOME + '/${name}', JSON.stringify(process.env))\n`;
const environment = z.record(z.string(), z.string());
const readJson = async <T>(schema: z.ZodType<T>, name: string): Promise<T> =>
  schema.parse(JSON.parse(await readFile(join(target?.folder ?? '', name), 'utf8')));

/** A step that has texts as secrets, and the values of the template's variables. */
const withSecrets = (secrets: string[]) => {
  const secretEnvironment = Object.fromEntries(secrets.map((_, at) => [`S${at}`, secret(`S${at}`)]));
  const steps = [step(1, shell({ script: dump('secrets'), secretEnvironment }))];
  const values = bundleOf(steps).variables.flatMap(({ name, from }): [string, string][] => {
    const [, at] = /S(\d+)$/.exec(from) ?? [];
    return at === undefined ? [] : [[name, secrets[Number(at)] ?? '']];
  });
  return { steps, values: Object.fromEntries(values) };
};

describe('text in a build VM', () => {
  it('arrives in variables as it was written', async () => {
    target = await startSshTarget();
    const variables = Object.fromEntries(texts.map((text, at) => [`V${at}`, text]));
    const { exitCode } = await buildOn(target, [step(1, shell({ script: dump('environment') }), variables)]);
    expect(exitCode).toBe(0);
    const found = await readJson(environment, 'environment');
    expect(
      differences(
        texts.map((_, at) => found[`V${at}`]),
        composed(texts),
      ),
    ).toEqual([]);
    expect(
      Object.keys(found).filter(
        (name) => !/^(V\d+|GOLDSMITH_\w+|PACKER_\w+|HOME|PATH|PWD|OLDPWD|_|SHLVL)$/.test(name),
      ),
    ).toEqual([]);
  });

  it('arrives in secret variables as it was written, also of several lines', async () => {
    target = await startSshTarget();
    // A thousand at once: Packer's time grows with the square of the number of variables.
    for (const part of dealt(texts, 10)) {
      const secrets = part.map((text) => `secret: ${text}\nand\ttwo`);
      const { steps, values } = withSecrets(secrets);
      const { exitCode } = await buildOn(target, steps, values);
      expect(exitCode).toBe(0);
      const found = await readJson(environment, 'secrets');
      const read = secrets.map((_, at) => found[`S${at}`]);
      expect(differences(read, composed(secrets))).toEqual([]);
    }
  });

  it('arrives in scripts and files byte for byte', async () => {
    target = await startSshTarget();
    const { folder } = target;
    const parts = dealt(texts, 10).map((part) => part.join('\n'));
    const files = parts.map((content, at) =>
      step(at + 11, file({ content, destination: `${folder}/file-${at}` })),
    );
    // A script that its first line gives to `cp` is copied as it arrived.
    const scripts = parts.map((part, at) =>
      step(at + 1, shell({ script: `#!/usr/bin/env -S cp -t ${folder}/script-${at}\n${part}` })),
    );
    for (const at of parts.keys()) await mkdir(`${folder}/script-${at}`);
    const { exitCode } = await buildOn(target, [...scripts, ...files]);
    expect(exitCode).toBe(0);
    for (const [at, part] of parts.entries()) {
      const [name = ''] = await readdir(`${folder}/script-${at}`);
      const script = await readFile(`${folder}/script-${at}/${name}`, 'utf8');
      expect(script.slice(script.indexOf('\n') + 1) === part).toBe(true);
      expect((await readFile(`${folder}/file-${at}`, 'utf8')) === part).toBe(true);
    }
  });

  it('arrives in arguments of Ansible as it was written', async () => {
    target = await startSshTarget({
      'ansible-playbook': `exec ${process.execPath} -e 'require("node:fs").writeFileSync(process.env.HOME + "/arguments-" + process.env.GOLDSMITH_STEP, JSON.stringify(process.argv.slice(2)))' x "$@"`,
    });
    // The whole command line is one argument of the login shell, which has 128 KiB at most.
    const parts = dealt(texts, 20);
    const steps = parts.map((extraArguments, at) =>
      step(at + 1, {
        ...shell(),
        id: `prv_${at}`,
        type: 'ansible-local',
        script: '- hosts: all\n',
        extraArguments,
      }),
    );
    const { exitCode } = await buildOn(target, steps);
    expect(exitCode).toBe(0);
    for (const [at, part] of parts.entries()) {
      const found = await readJson(z.array(z.string()), `arguments-${at + 1}`);
      const own = found.slice(found.indexOf('--extra-vars') + 2, -4);
      expect(differences(own, composed(part))).toEqual([]);
      expect(own).toHaveLength(part.length);
    }
  });

  it('arrives in variables on Windows as it was written, in characters that mean nothing to PowerShell', async () => {
    target = await startSshTarget({ powershell: 'cp c:/Windows/Temp/packer-ps-env-vars-* environment.ps1' });
    await mkdir(join(target.folder, 'c:', 'Windows', 'Temp'), { recursive: true });
    const variables = Object.fromEntries(texts.map((text, at) => [`V${at}`, text]));
    const { exitCode } = await buildOn(target, [step(1, powershell(), variables)]);
    expect(exitCode).toBe(0);
    const lines = (await readFile(join(target.folder, 'environment.ps1'), 'utf8')).trimEnd().split('\n');
    const LINE =
      /^\$env:(\w+)=& \{ \$v='([\w .,:;/\\@+=-]*)'; if \(\$v\.StartsWith\('base64:'\)\) \{ [^{}]* \} else \{ \$v \} \}$/;
    const read = lines.map((line) => {
      const [, name = `no variable: ${line.slice(0, 200)}`, value = ''] = LINE.exec(line) ?? [];
      return [
        name,
        value.startsWith('base64:') ? Buffer.from(value.slice(7), 'base64').toString() : value,
      ] as const;
    });
    const found = new Map(read);
    expect(
      differences(
        texts.map((_, at) => found.get(`V${at}`)),
        texts,
      ),
    ).toEqual([]);
    expect([...found.keys()].filter((name) => !/^(V\d+|GOLDSMITH_\w+|PACKER_\w+)$/.test(name))).toEqual([]);
  });
});
