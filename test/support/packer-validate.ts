/**
 * Real `packer validate` of many bundles in few processes: sources of several bundles stand in one template under
 * names of their own, with a build for each. What fails is halved until it is known which bundle it is.
 */
import { z } from 'zod';
import type { JobBundle } from '../../shared/contracts/bundle.ts';
import { inFolder, runPacker, type TextFile, writeFiles } from './packer-command.ts';
import { serviceAccountKey } from './platform-bodies.ts';

/** Each source is a process of 40 ms; they all live until the last is looked at. */
const SOURCES_AT_ONCE = 50;
const PROCESSES = 2;

const templateSchema = z.strictObject({
  variable: z.record(z.string(), z.unknown()).default({}),
  source: z.record(z.string(), z.record(z.string(), z.unknown())),
  build: z.strictObject({ sources: z.array(z.string()), provisioner: z.array(z.unknown()).optional() }),
});

type Compiled = Pick<JobBundle, 'files' | 'downloads' | 'variables'>;
/** A bundle that Packer refuses, by its place among those that were asked about, and why. */
export type Refusal = { place: number; errors: string[] };
type Placed = { place: number; bundle: Compiled };

const sourceOf = (bundle: Compiled) => {
  const content = bundle.files.find(({ path }) => path === 'image.pkr.json')?.content ?? '';
  const { variable, source, build } = templateSchema.parse(JSON.parse(content));
  const [type, sources = {}] = Object.entries(source)[0] ?? [''];
  return { variable, type, body: Object.values(sources)[0], provisioner: build.provisioner };
};

/** One template of all, a source and a build each. */
const merged = (all: readonly Placed[]): string => {
  const sources: Record<string, Record<string, unknown>> = {};
  const parts = all.map(({ place, bundle }) => ({ label: `s${place}`, ...sourceOf(bundle) }));
  for (const { type, label, body } of parts) sources[type] = { ...sources[type], [label]: body };
  const seen = new Set<string>();
  const isNew = (provisioner: unknown): boolean => {
    const before = seen.size;
    return seen.add(JSON.stringify(provisioner)).size > before;
  };
  // Each provisioner is a process as well; markers are the same in many templates.
  const builds = parts.map(({ type, label, provisioner = [] }) => {
    const [first, ...more] = provisioner.filter(isNew);
    const sources = [`source.${type}.${label}`];
    return first === undefined ? { sources } : { sources, provisioner: [first, ...more] };
  });
  const variable = Object.fromEntries(parts.flatMap((part) => Object.entries(part.variable)));
  return JSON.stringify({ variable, source: sources, build: builds }, null, 1);
};

/** Everything that a template may refer to has to be there; what is in it matters to nobody here. */
const filesOf = (all: readonly Placed[]): TextFile[] => [
  ...all.flatMap(({ bundle }) => bundle.files.filter(({ path }) => !path.endsWith('.pkr.json'))),
  ...all.flatMap(({ bundle }) => bundle.downloads.map(({ path }) => ({ path, content: 'uploaded' }))),
  { path: 'image.pkr.json', content: merged(all) },
];

/** A value for each variable: Google's key is looked into, the others are any text. */
const valuesOf = (all: readonly Placed[]): Record<string, string> =>
  Object.fromEntries(
    all.flatMap(({ bundle }) =>
      bundle.variables.map(({ name, from }) => [
        name,
        from.endsWith('credentialsJson') ? serviceAccountKey : 'A secret value 1!',
      ]),
    ),
  );

const validateOnce = (all: readonly Placed[]): Promise<string[]> =>
  inFolder(async (folder) => {
    await writeFiles(folder, filesOf(all));
    const { exitCode, lines } = await runPacker(
      folder,
      ['validate', '-machine-readable', '.'],
      valuesOf(all),
    );
    return exitCode === 0 ? [] : lines;
  });

const refusalsOf = async (all: readonly Placed[]): Promise<Refusal[]> => {
  const errors = await validateOnce(all);
  if (errors.length === 0) return [];
  const [only] = all;
  if (only !== undefined && all.length === 1) return [{ place: only.place, errors }];
  const half = Math.ceil(all.length / 2);
  return [...(await refusalsOf(all.slice(0, half))), ...(await refusalsOf(all.slice(half)))];
};

const chunksOf = (all: readonly Placed[]): Placed[][] =>
  Array.from({ length: Math.ceil(all.length / SOURCES_AT_ONCE) }, (_, at) =>
    all.slice(at * SOURCES_AT_ONCE, (at + 1) * SOURCES_AT_ONCE),
  );

/** The bundles that the real Packer of this machine refuses; all are of its generation. */
export const validateBundles = async (bundles: readonly Compiled[]): Promise<Refusal[]> => {
  const waiting = chunksOf(bundles.map((bundle, place) => ({ place, bundle })));
  const refusals: Refusal[] = [];
  const work = async () => {
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift())
      refusals.push(...(await refusalsOf(chunk)));
  };
  await Promise.all(Array.from({ length: PROCESSES }, work));
  return refusals.sort((a, b) => a.place - b.place);
};
