import { type JobBundle, NONCE_VARIABLE } from '../contracts/bundle.ts';
import type { RunSnapshot, SnapshotStep } from '../contracts/snapshot.ts';
import { sha256 } from '../domain/sha256.ts';
import type { TemplateObject } from '../platforms/expression.ts';
import type { Platform, SourceInput } from '../platforms/platform.ts';
import { beginMarker, endMarker } from './markers.ts';
import { compileStep } from './provisioners/registry.ts';
import type { CompiledStep } from './provisioners/step.ts';
import { serializeTemplate } from './serialize.ts';
import { secretEnvironmentOf, secretsOf, type TemplateSecret, variableOf } from './variables.ts';

export type CompileInput = SourceInput & { platform: Platform };
type TextFile = { path: string; content: string };

/** The label of the one source of a template. */
const SOURCE_NAME = 'image';
/** The first release that redacts secrets in machine-readable output. */
const MODERN_PACKER = '>= 1.15.1';

/** What every script can read about its run. */
const runEnvironment = ({ platform, run }: CompileInput, index: number): Record<string, string> => ({
  GOLDSMITH_IMAGE_NAME: platform.imageName(run.imageName, run.number),
  GOLDSMITH_RUN_ID: run.runId,
  GOLDSMITH_RUN_NUMBER: String(run.number),
  GOLDSMITH_STEP: String(index),
});

const compileOne = (
  input: CompileInput,
  step: SnapshotStep,
  place: { isLast: boolean; secrets: TemplateSecret[] },
): CompiledStep => {
  const secretEnvironment = secretEnvironmentOf(step).map(([name, secret]): [string, string] => [
    name,
    variableOf(place.secrets, step.provisioner.id, secret.field),
  ]);
  return compileStep(step.provisioner, {
    index: step.index,
    isLast: place.isLast,
    environment: { ...step.environment, ...runEnvironment(input, step.index) },
    secretEnvironment: Object.fromEntries(secretEnvironment),
  });
};

const compileSteps = (input: CompileInput, secrets: TemplateSecret[]): CompiledStep[] =>
  input.snapshot.steps.map((step, place, all) =>
    compileOne(input, step, { isLast: place === all.length - 1, secrets }),
  );

/**
 * Each step after its marker, and a last marker behind the last: one step's begin is the end of the one before, and
 * every provisioner costs a process that takes a tenth of a second to start. An array of one-key objects: any other
 * form loses the order.
 */
const provisionersOf = ({ steps }: RunSnapshot, compiled: CompiledStep[]): TemplateObject[] => {
  const total = steps.length;
  const marked = compiled.flatMap(({ type, body }, place) => [
    beginMarker(steps[place]?.index ?? place + 1, total),
    { [type]: body },
  ]);
  const last = steps.at(-1);
  return last === undefined ? marked : [...marked, endMarker(last.index, total)];
};

/** Variables have no default: a run without a value must not start. The nonce is no secret, or Packer would hide it. */
const variableBlocks = (secrets: TemplateSecret[]): TemplateObject => ({
  [NONCE_VARIABLE]: { type: 'string' },
  ...Object.fromEntries(secrets.map(({ variable }) => [variable, { type: 'string', sensitive: true }])),
});

const pluginsFile = ({ plugins }: Platform): TextFile => ({
  path: 'plugins.pkr.json',
  content: serializeTemplate({ packer: { required_version: MODERN_PACKER, required_plugins: plugins } }),
});

const withChecksum = ({ path, content }: TextFile): JobBundle['files'][number] => ({
  path,
  content,
  sha256: sha256(content),
});

/**
 * Everything that a runner gives to Packer for one run. Pure: the same input gives the same bytes. Text of users is
 * in files of its own or escaped; values of secrets are nowhere. Throws TemplateTextError for a text that no
 * template can carry.
 */
export const compileBundle = (input: CompileInput): JobBundle => {
  const { platform, snapshot, generation } = input;
  const secrets = secretsOf(snapshot);
  const steps = compileSteps(input, secrets);
  const source = platform.source(input);
  const provisioner = provisionersOf(snapshot, steps);
  const template = serializeTemplate({
    variable: variableBlocks(secrets),
    source: { [source.type]: { [SOURCE_NAME]: source.body } },
    build: {
      sources: [`source.${source.type}.${SOURCE_NAME}`],
      provisioner: provisioner.length === 0 ? undefined : provisioner,
    },
  });
  const files = [
    { path: 'image.pkr.json', content: template },
    ...(generation === 'modern' ? [pluginsFile(platform)] : []),
    ...source.files,
    ...steps.map((step) => step.file),
  ];
  return {
    schemaVersion: 1,
    generation,
    platform: platform.id,
    files: files.map(withChecksum),
    variables: [
      { name: NONCE_VARIABLE, from: 'runner' },
      ...secrets.map(({ variable, kind, entityId, field }) => ({
        name: variable,
        from: `${kind} ${entityId} ${field}`,
      })),
    ],
    steps: snapshot.steps.map(({ index, provisioner: { name, timeoutSeconds } }) => ({
      index,
      name,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    })),
  };
};
