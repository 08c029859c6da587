/**
 * The process that owns the VMs of the local account: `node vm-manager.ts --port … --state-dir … --base-disk …`.
 * Kills on its way up what a crashed predecessor left, and on SIGTERM all its VMs. See README.md.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { chooseAccelerator } from './vm/accelerator.ts';
import { Fleet } from './vm/fleet.ts';
import { reapVms } from './vm/processes.ts';
import { createManagerServer } from './vm/routes.ts';

const port = z.coerce.number().int().min(1).max(65_535);
const optionsSchema = z.object({
  port,
  'state-dir': z.string().startsWith('/'),
  'base-disk': z.string().startsWith('/'),
  'ssh-port': port,
  /** 192 MiB hold the kernel, sshd and a small package installation. */
  'memory-mib': z.coerce.number().int().min(128).default(192),
});

function readOptions(): z.infer<typeof optionsSchema> {
  const names = Object.keys(optionsSchema.shape);
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  });
  return optionsSchema.parse(values);
}

async function main(): Promise<void> {
  const options = readOptions();
  const stateDir = options['state-dir'];
  for (const { instanceId, pid } of await reapVms(stateDir))
    console.log(`killed the VM of ${instanceId} (process ${pid}) that an earlier manager left`);
  const accelerator = await chooseAccelerator(stateDir, options['base-disk']);
  const fleet = await Fleet.open({
    stateDir,
    baseDisk: options['base-disk'],
    accelerator,
    sshPort: options['ssh-port'],
    memoryMib: options['memory-mib'],
  });
  const server = createManagerServer(fleet, { accelerator });
  server.listen(options.port, '127.0.0.1', () =>
    console.log(`VM manager on port ${options.port}, ${accelerator}`),
  );
  const close = (): void => {
    void fleet.close().finally(() => process.exit(0));
  };
  process.once('SIGTERM', close).once('SIGINT', close);
}

await main();
