import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { startLocalStack } from '../../support/local-stack.ts';

/** Uses the stack that GOLDSMITH_LOCAL_JSON or the checkout names; without one, starts one for the measurement. */
export const withStack = async <T>(work: () => Promise<T>): Promise<T> => {
  const own = resolve(import.meta.dirname, '../../../.goldsmith/local.json');
  if (process.env['GOLDSMITH_LOCAL_JSON'] !== undefined || existsSync(own)) return work();
  const { save: _save, stop, broken: _broken, ...info } = await startLocalStack({ log: console.log });
  try {
    const file = join(info.home, 'local.json');
    await writeFile(file, JSON.stringify(info), { mode: 0o600 });
    process.env['GOLDSMITH_LOCAL_JSON'] = file;
    return await work();
  } finally {
    await stop();
  }
};

/** The machine in the words of a report. */
export const machine = (): string => {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}`;
};
