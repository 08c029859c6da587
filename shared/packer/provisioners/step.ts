import type { BundleDownload, PackerGeneration } from '../../contracts/bundle.ts';
import type { SnapshotFile, SnapshotStep } from '../../contracts/snapshot.ts';
import { join, type TemplateObject, type TemplateValue, variable } from '../../platforms/expression.ts';

export type Provisioner = SnapshotStep['provisioner'];
export type ProvisionerOf<T extends Provisioner['type']> = Extract<Provisioner, { type: T }>;

/** A provisioner at its place, with all that the template says about it. */
export type StepOf<P extends Provisioner> = {
  provisioner: P;
  index: number;
  isLast: boolean;
  generation: PackerGeneration;
  environment: Record<string, string>;
  /** Names of environment variables and the template's variables with their secret values. */
  secretEnvironment: Record<string, string>;
  /** The template's variable with the password of `elevatedUser`. */
  elevatedPassword: string | undefined;
  /** The uploaded file in place of inline text. */
  upload: SnapshotFile | undefined;
};

/** Packer's provisioners for a step, and its files: the user's own text never enters the template. */
export type CompiledStep = {
  type: string;
  body: TemplateObject;
  /** Packer's provisioners that make the machine ready for it, in order: objects with one key, the type. */
  before?: TemplateObject[];
  files?: { path: string; content: string }[];
  downloads?: BundleDownload[];
  /** Plugins that Packer ≥ 1.7 needs for it. */
  plugins?: Record<string, { source: string; version: string }>;
};

/** A duration as Packer takes it. */
export const seconds = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : `${value}s`;

/** A step's number as it stands in names of files: `007`. */
export const padded = (index: number): string => String(index).padStart(3, '0');

/** Path of a step's file in the job's folder: `steps/007.sh`. */
export const stepPath = (index: number, extension: string): string => `steps/${padded(index)}.${extension}`;

/** The uploaded file of a step at its path in the job's folder. */
const downloadAt = (path: string, upload: SnapshotFile): BundleDownload => ({
  path,
  resourceId: upload.resourceId,
  version: upload.version,
  sizeBytes: upload.sizeBytes,
  sha256: upload.sha256,
});

/** Where a step's text is in the job's folder, and the file to be put there: its own text, or what was uploaded. */
export const stepText = (
  { index, upload }: Pick<StepOf<Provisioner>, 'index' | 'upload'>,
  extension: string,
  text: string | undefined,
): { path: string } & Pick<CompiledStep, 'files' | 'downloads'> => {
  const path = stepPath(index, extension);
  return upload === undefined
    ? { path, files: [{ path, content: text ?? '' }] }
    : { path, downloads: [downloadAt(path, upload)] };
};

/**
 * What every provisioner of Packer takes. The pause before a step is a provisioner of its own (`pauseBefore`): Packer
 * looks at no `timeout` beside a `pause_before`.
 */
export const commonFields = (provisioner: Provisioner): TemplateObject => ({
  timeout: seconds(provisioner.timeoutSeconds),
  max_retries: provisioner.retries,
});

/** Texts by the names of their variables, sorted by name. */
const sorted = (entries: (readonly [string, TemplateValue])[]): TemplateValue[] =>
  entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);

type Variables = Pick<StepOf<Provisioner>, 'environment' | 'secretEnvironment'>;

/** `K=V` for each variable, sorted by name; secret ones name a variable of the template. */
export const environmentVars = (step: Variables): TemplateValue[] =>
  environmentOf(step, {
    plain: (name, value) => `${name}=${value}`,
    secret: (name, from) => join(`${name}=`, variable(from)),
  });

/** The environment of a step in a form of one's own, sorted by name. */
export const environmentOf = (
  { environment, secretEnvironment }: Variables,
  form: Record<'plain' | 'secret', (name: string, value: string) => TemplateValue>,
): TemplateValue[] =>
  sorted([
    ...Object.entries(secretEnvironment).map(([name, from]) => [name, form.secret(name, from)] as const),
    ...Object.entries(environment).map(([name, value]) => [name, form.plain(name, value)] as const),
  ]);
