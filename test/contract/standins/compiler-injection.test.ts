import { sample } from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JobBundle } from '../../../shared/contracts/bundle.ts';
import { provisionerInput } from '../../../shared/contracts/entities/provisioner.ts';
import type { SnapshotStep } from '../../../shared/contracts/snapshot.ts';
import { serializeTemplate, TemplateTextError } from '../../../shared/packer/serialize.ts';
import { type TemplateObject, TokenText } from '../../../shared/platforms/expression.ts';
import { bundleOf } from '../../support/null-build.ts';
import { inFolder, runPacker, type TextFile, writeFiles } from '../../support/packer-command.ts';
import { provisionerOf } from '../../support/platform-bodies.ts';
import { file, powershell, secret, shell, step } from '../../unit/shared/packer/fixtures.ts';
import { CANARIES, carriedText, isCarried } from '../../unit/shared/packer/hostile.ts';

/**
 * Ten thousand hostile texts of each kind of field through the real `packer validate`. Many stand in one template;
 * when it is refused, it is halved until the text is known that is to blame.
 */

const TEXTS = 10_000;
let texts: string[] = [];
beforeAll(() => {
  texts = sample(carriedText, TEXTS);
});

type Job = { files: TextFile[]; variables?: Record<string, string> };

const validate = ({ files, variables = {} }: Job): Promise<string[]> =>
  inFolder(async (folder) => {
    await writeFiles(folder, files);
    const values = { goldsmith_nonce: 'nonce', ...variables };
    const { exitCode, lines } = await runPacker(folder, ['validate', '-machine-readable', '.'], values);
    return exitCode === 0 ? [] : [lines.join('\n').slice(0, 1000) || `exit code ${exitCode}`];
  });

/** The texts that Packer does not take, with what it says of them. */
const refused = async (from: string[], jobOf: (some: string[]) => Job): Promise<[string, string][]> => {
  const [error] = await validate(jobOf(from));
  if (error === undefined) return [];
  if (from.length === 1) return [[from[0] ?? '', error]];
  const half = Math.ceil(from.length / 2);
  const [first, second] = [from.slice(0, half), from.slice(half)];
  const found = await refused(first, jobOf);
  return found.length > 0 ? found : refused(second, jobOf);
};

const sourceJob = (type: string, body: TemplateObject): Job => {
  const template = { source: { [type]: { image: body } }, build: { sources: [`source.${type}.image`] } };
  return { files: [{ path: 'image.pkr.json', content: serializeTemplate(template) }] };
};
const ami = {
  region: 'us-east-1',
  ami_name: 'base-v1',
  source_ami: 'ami-0123456789abcdef0',
  instance_type: 't3.small',
  ssh_username: 'admin',
};
const disk = {
  iso_url: 'http://127.0.0.1/base.iso',
  iso_checksum: 'none',
  ssh_username: 'admin',
  ssh_password: 'password',
};
const stepsJob = (steps: SnapshotStep[]): Job => ({ files: bundleOf(steps).files });
const numbered = (some: string[]): Record<string, string> =>
  Object.fromEntries(some.map((text, at) => [`V${at}`, text]));
/** Texts dealt into so many parts. */
const dealt = (some: string[], count: number): string[][] =>
  Array.from({ length: count }, (_, at) => some.filter((_text, place) => place % count === at));
/** Texts in twenty parts, each of them as one long text. */
const parts = (some: string[]): string[] => dealt(some, 20).map((part) => part.join('\n'));
const ansible = { ...shell(), type: 'ansible-local' as const, script: '- hosts: all\n' };

describe('ten thousand hostile texts before the real Packer are taken', () => {
  const jobs: [string, (some: string[]) => Job][] = [
    ['plain settings', (some) => sourceJob('amazon-ebs', { ...ami, security_group_ids: some })],
    [
      'keys and values of tags',
      (some) => {
        // In four maps: Packer's time grows with the square of a map's size.
        const [tags, run_tags, snapshot_tags, run_volume_tags] = dealt(some, 4).map((part) =>
          Object.fromEntries(part.map((text) => [text, text])),
        );
        return sourceJob('amazon-ebs', { ...ami, tags, run_tags, snapshot_tags, run_volume_tags });
      },
    ],
    [
      'keys to type',
      (some) => {
        const keys = some.map((text) => new TokenText(`${text} {{ .HTTPIP }}`, ['.HTTPIP']));
        return sourceJob('qemu', { ...disk, boot_command: keys });
      },
    ],
    ['values of variables', (some) => stepsJob([step(1, shell(), numbered(some))])],
    ['values of variables on Windows', (some) => stepsJob([step(1, powershell(), numbered(some))])],
    ['scripts', (some) => stepsJob(parts(some).map((script, at) => step(at + 1, shell({ script }))))],
    ['files', (some) => stepsJob(parts(some).map((content, at) => step(at + 1, file({ content }))))],
    ['arguments', (some) => stepsJob([step(1, { ...ansible, extraArguments: some })])],
  ];

  it.each(jobs)('as %s', async (_, jobOf) => {
    expect(texts.length).toBe(TEXTS);
    expect(await refused(texts, jobOf)).toEqual([]);
  });

  it('as secrets', async () => {
    const job = (some: string[]): Job => {
      const names = some.map((_, at) => `V${at}`);
      const secretEnvironment = Object.fromEntries(names.map((name) => [name, secret(name)]));
      const bundle: JobBundle = bundleOf([step(1, shell({ secretEnvironment }))]);
      const values = bundle.variables.flatMap(({ name, from }): [string, string][] => {
        const [, at] = /V(\d+)$/.exec(from) ?? [];
        return at === undefined ? [] : [[name, some[Number(at)] ?? '']];
      });
      return { files: bundle.files, variables: Object.fromEntries(values) };
    };
    // A thousand at once: Packer's time grows with the square of the number of variables.
    for (const some of dealt(texts, 10)) expect(await refused(some, job)).toEqual([]);
  });

  it('as paths, of which few characters are allowed', async () => {
    const isPath = (destination: string) =>
      provisionerInput.safeParse(provisionerOf('file', { destination, osFamily: 'windows' })).success;
    const paths = texts.map((text, at) => `/${text.replaceAll(/[^A-Za-z0-9_./:\\~ -]/g, '/')}${at}`);
    expect(paths.filter((path) => !isPath(path))).toEqual([]);
    expect(
      await refused(paths, (some) => sourceJob('amazon-ebs', { ...ami, security_group_ids: some })),
    ).toEqual([]);
    const some = paths.slice(0, 40).map((destination, at) => step(at + 1, file({ destination })));
    expect(await validate(stepsJob(some))).toEqual([]);
  });
});

describe('text that no template can carry', () => {
  it('never comes as far as Packer, in whatever field', () => {
    const bad = CANARIES.filter((text) => !isCarried(text));
    expect(bad.length).toBeGreaterThan(4);
    for (const text of bad) {
      const jobs: (() => Job)[] = [
        () => sourceJob('amazon-ebs', { ...ami, ami_description: text }),
        () => sourceJob('amazon-ebs', { ...ami, tags: { [text]: 'x' } }),
        () =>
          sourceJob('qemu', { ...disk, boot_command: [new TokenText(`${text}{{ .HTTPIP }}`, ['.HTTPIP'])] }),
        () => stepsJob([step(1, shell(), { A: text })]),
        () => stepsJob([step(1, { ...ansible, extraArguments: [text] })]),
        () => stepsJob([step(1, file({ destination: text }))]),
      ];
      for (const job of jobs) expect(job).toThrow(TemplateTextError);
    }
  });
});
