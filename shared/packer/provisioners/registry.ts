import type { RunnableStored } from '../../contracts/entities/provisioner.ts';
import { compileFile } from './file.ts';
import { compilePowerShell } from './powershell.ts';
import { compileShell } from './shell.ts';
import type { CompiledStep, StepOf } from './step.ts';

type Type = RunnableStored['type'];
type ByType = { [T in Type]: Extract<RunnableStored, { type: T }> & { type: T } };
type Place = Omit<StepOf<RunnableStored>, 'provisioner'>;

/** One line a type of provisioner. */
const compilers: { [T in Type]: (step: Place & { provisioner: ByType[T] }) => CompiledStep } = {
  shell: compileShell,
  powershell: compilePowerShell,
  file: compileFile,
};

/** Packer's provisioner for one step, by the type of its provisioner. */
export const compileStep = <T extends Type>(
  provisioner: { [K in T]: ByType[K] }[T],
  place: Place,
): CompiledStep => compilers[provisioner.type]({ ...place, provisioner });
