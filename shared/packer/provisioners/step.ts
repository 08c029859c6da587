import type { BundleDownload } from '../../contracts/bundle.ts';
import type { PackerGeneration } from '../../contracts/bundle.ts';
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

/** Packer's provisioner for a step, and its file: the user's own text never enters the template. */
export type CompiledStep = {
  type: string;
  body: TemplateObject;
  file?: { path: string; content: string };
  download?: BundleDownload;
  /** Plugins that Packer ≥ 1.7 needs for it. */
  plugins?: Record<string, { source: string; version: string }>;
};

/** A duration as Packer takes it. */
export const seconds = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : `${value}s`;

/** Path of a step's file in the job's folder: `steps/007.sh`. */
const stepPath = (index: number, extension: string): string =>
  `steps/${String(index).padStart(3, '0')}.${extension}`;

/** The uploaded file of a step at its path in the job's folder. */
export const downloadAt = (path: string, upload: SnapshotFile): BundleDownload => ({
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
): { path: string } & Pick<CompiledStep, 'file' | 'download'> => {
  const path = stepPath(index, extension);
  return upload === undefined
    ? { path, file: { path, content: text ?? '' } }
    : { path, download: downloadAt(path, upload) };
};

/** What every provisioner of Packer takes. */
export const commonFields = (provisioner: Provisioner): TemplateObject => ({
  timeout: seconds(provisioner.timeoutSeconds),
  pause_before: seconds(provisioner.pauseBeforeSeconds),
  max_retries: provisioner.retries,
});

/** `K=V` for each variable, sorted by name; secret ones name a variable of the template. */
export const environmentVars = (
  step: Pick<StepOf<Provisioner>, 'environment' | 'secretEnvironment'>,
): TemplateValue[] => {
  const secret = Object.entries(step.secretEnvironment).map(([name, from]): [string, TemplateValue] => [
    name,
    join(`${name}=`, variable(from)),
  ]);
  const plain = Object.entries(step.environment).map(([name, value]): [string, TemplateValue] => [
    name,
    `${name}=${value}`,
  ]);
  return [...secret, ...plain].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
};
