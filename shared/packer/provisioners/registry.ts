import { compileAnsibleLocal } from './ansible-local.ts';
import { compileFile } from './file.ts';
import { compilePowerShell } from './powershell.ts';
import { compileShell } from './shell.ts';
import type { CompiledStep, Provisioner, ProvisionerOf, StepOf } from './step.ts';
import { compileWindowsRestart } from './windows-restart.ts';
import { compileWindowsShell } from './windows-shell.ts';
import { compileWindowsUpdate } from './windows-update.ts';

type Type = Provisioner['type'];
type ByType = { [T in Type]: ProvisionerOf<T> & { type: T } };
type Place = Omit<StepOf<Provisioner>, 'provisioner'>;

/** One line a type of provisioner. */
const compilers: { [T in Type]: (step: Place & { provisioner: ByType[T] }) => CompiledStep } = {
  shell: compileShell,
  powershell: compilePowerShell,
  'windows-shell': compileWindowsShell,
  file: compileFile,
  'windows-restart': compileWindowsRestart,
  'windows-update': compileWindowsUpdate,
  'ansible-local': compileAnsibleLocal,
};

/** Packer's provisioner for one step, by the type of its provisioner. */
export const compileStep = <T extends Type>(
  provisioner: { [K in T]: ByType[K] }[T],
  place: Place,
): CompiledStep => compilers[provisioner.type]({ ...place, provisioner });
