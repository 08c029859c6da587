import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createOverlay } from './disks.ts';
import { settlesWithin, startMachine } from './machine.ts';
import { type Accelerator, metadataNames } from './qemu-arguments.ts';

/** With KVM the base disk boots in about a second. Where KVM only pretends to work the guest stays silent for ever. */
const bootTimeoutMs = 6_000;

const resultSchema = z.object({ kernel: z.string(), accelerator: z.enum(['kvm', 'tcg']) });

/**
 * Which accelerator works on this machine. /dev/kvm may be there and accept a guest without ever running it (seen on
 * virtual machines without nested virtualisation), so the base disk is really booted once. The result is kept per
 * kernel release in `stateDir`.
 */
export async function chooseAccelerator(stateDir: string, baseDisk: string): Promise<Accelerator> {
  const file = join(stateDir, 'accelerator.json');
  const known = await readResult(file);
  if (known !== undefined) return known;
  const accelerator = (await canOpenKvm()) && (await bootsWithKvm(stateDir, baseDisk)) ? 'kvm' : 'tcg';
  await mkdir(stateDir, { recursive: true });
  await writeFile(file, JSON.stringify({ kernel: release(), accelerator }));
  return accelerator;
}

async function readResult(file: string): Promise<Accelerator | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const parsed = text === undefined ? undefined : resultSchema.safeParse(JSON.parse(text));
  return parsed?.success === true && parsed.data.kernel === release() ? parsed.data.accelerator : undefined;
}

function canOpenKvm(): Promise<boolean> {
  return access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function bootsWithKvm(stateDir: string, baseDisk: string): Promise<boolean> {
  await mkdir(stateDir, { recursive: true });
  const folder = await mkdtemp(join(stateDir, 'kvm-'));
  try {
    for (const name of metadataNames) await writeFile(join(folder, name), 'probe\n');
    await createOverlay(baseDisk, join(folder, 'disk.qcow2'));
    const settings = {
      accelerator: 'kvm',
      memoryMib: 192,
      disk: join(folder, 'disk.qcow2'),
      metadataFolder: folder,
      consoleLog: join(folder, 'console.log'),
      ssh: undefined,
    } as const;
    const machine = await startMachine(settings, join(folder, 'qemu.log'));
    const booted = await settlesWithin(machine.whenBooted(), bootTimeoutMs);
    await machine.kill();
    return booted;
  } catch {
    // A QEMU that does not even start with KVM says why in its log; that KVM does not work is all that counts here.
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
