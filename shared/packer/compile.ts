import { type BundleVariable, type JobBundle, NONCE_VARIABLE } from '../contracts/bundle.ts';
import type { RunSnapshot, SnapshotFile, SnapshotStep } from '../contracts/snapshot.ts';
import { mergeVariables } from '../domain/definition/environment.ts';
import { inKeyOrder } from '../domain/key-order.ts';
import { sha256 } from '../domain/sha256.ts';
import type { TemplateObject } from '../platforms/expression.ts';
import type { Platform, PlatformSecret, SourceInput } from '../platforms/platform.ts';
import { fileOf } from '../platforms/snapshot-of.ts';
import { loginStep } from './login.ts';
import { beginMarker, endMarker } from './markers.ts';
import { longestTime, pauseBefore } from './pause.ts';
import { compileStep } from './provisioners/registry.ts';
import type { CompiledStep } from './provisioners/step.ts';
import { runEnvironment } from './run-environment.ts';
import { serializeTemplate } from './serialize.ts';
import { elevatedPasswordOf, secretEnvironmentOf, secretsOf, variableFinder } from './variables.ts';

export type CompileInput = SourceInput & {
  platform: Platform;
  /** Whether the runner is to learn how to log in to the build VM: of the job of a run, not of a template for people. */
  takesLogin?: boolean;
};
type TextFile = { path: string; content: string };
type Plugins = Platform['plugins'];

/** The label of the one source of a template. */
const SOURCE_NAME = 'image';
/** The first release that redacts secrets in machine-readable output. */
const MODERN_PACKER = '>= 1.15.1';

const uploadOf = (snapshot: RunSnapshot, { provisioner }: SnapshotStep): SnapshotFile | undefined =>
  'resourceId' in provisioner && provisioner.resourceId !== undefined
    ? fileOf(snapshot, provisioner.resourceId, provisioner.resourceVersion)
    : undefined;

/** A step's provisioners with its place. */
type PlacedStep = CompiledStep & { index: number };

const compileOne = (
  input: CompileInput,
  step: SnapshotStep,
  place: { isLast: boolean; variableOf: ReturnType<typeof variableFinder> },
): PlacedStep => {
  const { provisioner, index } = step;
  const nameOf = (field: string) => place.variableOf(provisioner.id, field);
  const secretEnvironment = secretEnvironmentOf(step).map(
    ([name, { field }]) => [name, nameOf(field)] as const,
  );
  const password = elevatedPasswordOf(provisioner);
  const ofRun = runEnvironment(input.snapshot, input.run, index);
  const { before = [], ...compiled } = compileStep(provisioner, {
    index,
    isLast: place.isLast,
    generation: input.generation,
    environment: mergeVariables(provisioner.osFamily, step.environment, ofRun),
    secretEnvironment: Object.fromEntries(secretEnvironment),
    elevatedPassword: password === undefined ? undefined : nameOf(password.field),
    upload: uploadOf(input.snapshot, step),
  });
  return { ...compiled, index, before: [...pauseBefore(provisioner), ...before] };
};

const compileSteps = (input: CompileInput, secrets: PlatformSecret[]): PlacedStep[] => {
  const variableOf = variableFinder(secrets);
  return input.snapshot.steps.map((step, place, all) =>
    compileOne(input, step, { isLast: place === all.length - 1, variableOf }),
  );
};

/**
 * Each step after its marker, and a last marker behind the last: one step's begin is the end of the one before, and
 * every provisioner costs a process that takes a tenth of a second to start. An array of one-key objects: any other
 * form loses the order.
 */
const provisionersOf = (steps: PlacedStep[]): TemplateObject[] => {
  const total = steps.length;
  const marked = steps.flatMap(({ index, before = [], type, body }) => [
    beginMarker(index, total),
    ...before,
    { [type]: body },
  ]);
  const last = steps.at(-1);
  return last === undefined ? marked : [...marked, endMarker(last.index, total)];
};

/** Variables have no default: a run without a value must not start. The nonce is no secret, or Packer would hide it. */
const variableBlocks = (secrets: PlatformSecret[], used: BundleVariable[]): TemplateObject => ({
  [NONCE_VARIABLE]: { type: 'string' },
  ...Object.fromEntries(secrets.map(({ variable }) => [variable, { type: 'string', sensitive: true }])),
  ...Object.fromEntries(used.map(({ name }) => [name, { type: 'string' }])),
});

const pluginsFile = (plugins: Plugins): TextFile => ({
  path: 'plugins.pkr.json',
  content: serializeTemplate({ packer: { required_version: MODERN_PACKER, required_plugins: plugins } }),
});

const withChecksum = ({ path, content }: TextFile): JobBundle['files'][number] => ({
  path,
  content,
  sha256: sha256(content),
});

type Source = ReturnType<Platform['source']>;

const templateOf = (
  { takesLogin = false }: CompileInput,
  { source, secrets, steps }: { source: Source; secrets: PlatformSecret[]; steps: PlacedStep[] },
) => {
  // First, so that it is known before any script runs.
  const login = takesLogin ? [loginStep()] : [];
  const provisioner = [...login, ...provisionersOf(steps), ...(source.closing ?? [])];
  return serializeTemplate({
    variable: variableBlocks(secrets, source.variables ?? []),
    source: { [source.type]: { [SOURCE_NAME]: source.body } },
    build: {
      sources: [`source.${source.type}.${SOURCE_NAME}`],
      provisioner: provisioner.length === 0 ? undefined : provisioner,
    },
  });
};

const variablesOf = (source: Source, secrets: PlatformSecret[]): JobBundle['variables'] => [
  { name: NONCE_VARIABLE, from: 'runner' },
  ...secrets.map(({ variable, kind, entityId, field }) => ({
    name: variable,
    from: `${kind} ${entityId} ${field}`,
  })),
  ...(source.variables ?? []),
];

const stepsOf = ({ steps }: RunSnapshot): JobBundle['steps'] =>
  steps.map(({ index, provisioner }) => ({ index, name: provisioner.name, ...longestTime(provisioner) }));

/** Plugins of the builder and of the steps, sorted by name. */
const pluginsOf = (platform: Platform, steps: CompiledStep[]): Plugins => {
  const all = [platform.plugins, ...steps.map(({ plugins }) => plugins ?? {})].flatMap((some) =>
    Object.entries(some),
  );
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
};

/** With the maps that go into a template as they are in one order; those of steps are sorted where they are used. */
const settled = (snapshot: RunSnapshot): RunSnapshot => ({
  ...snapshot,
  connection: inKeyOrder(snapshot.connection),
  builderConfiguration: inKeyOrder(snapshot.builderConfiguration),
});

/**
 * Everything that a runner gives to Packer for one run. Pure: the same input gives the same bytes, whatever the order of
 * its fields. Text of users is in files of its own or escaped; values of secrets are nowhere. Throws TemplateTextError
 * for a text that no template can carry.
 */
export const compileBundle = (given: CompileInput): JobBundle => {
  const input = { ...given, snapshot: settled(given.snapshot) };
  const { platform, snapshot, generation } = input;
  const secrets = secretsOf(snapshot, platform);
  const steps = compileSteps(input, secrets);
  const source = platform.source(input);
  const plugins = generation === 'modern' ? pluginsOf(platform, steps) : {};
  const files = [
    { path: 'image.pkr.json', content: templateOf(input, { source, secrets, steps }) },
    ...(generation === 'modern' ? [pluginsFile(plugins)] : []),
    ...source.files,
    ...steps.flatMap(({ files = [] }) => files),
  ];
  return {
    schemaVersion: 1,
    generation,
    platform: platform.id,
    files: files.map(withChecksum),
    downloads: [...(source.downloads ?? []), ...steps.flatMap(({ downloads = [] }) => downloads)],
    plugins: Object.fromEntries(
      Object.entries(plugins).map(([name, { version }]) => [name, version.replace('= ', '')]),
    ),
    variables: variablesOf(source, secrets),
    steps: stepsOf(snapshot),
  };
};
