import type { RunnableStored } from '../../contracts/entities/provisioner.ts';
import { join, type TemplateObject, type TemplateValue, variable } from '../../platforms/expression.ts';

/** A provisioner at its place, with all that the template says about it. */
export type StepOf<P extends RunnableStored> = {
  provisioner: P;
  index: number;
  isLast: boolean;
  environment: Record<string, string>;
  /** Names of environment variables and the template's variables with their secret values. */
  secretEnvironment: Record<string, string>;
};

/** Packer's provisioner for a step and the file with the user's own text, which never enters the template. */
export type CompiledStep = { type: string; body: TemplateObject; file: { path: string; content: string } };

const seconds = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : `${value}s`;

/** Path of a step's file in the job's folder: `steps/007.sh`. */
export const stepFile = (index: number, extension: string): string =>
  `steps/${String(index).padStart(3, '0')}.${extension}`;

/** What every provisioner of Packer takes. */
export const commonFields = (provisioner: RunnableStored): TemplateObject => ({
  timeout: seconds(provisioner.timeoutSeconds),
  pause_before: seconds(provisioner.pauseBeforeSeconds),
  max_retries: provisioner.retries,
});

/** `K=V` for each variable, sorted by name; secret ones name a variable of the template. */
export const environmentVars = (step: StepOf<RunnableStored>): TemplateValue[] => {
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
