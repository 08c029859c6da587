/**
 * The program that stands in for Azure and Google Cloud: `node main.ts --port … --folder … --base-disk … --network …`.
 * It writes what others need to know into the folder (`index.ts`) before it serves, and ends its machines on SIGTERM.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { makeAuthority } from './authority.ts';
import { azureCloud } from './azure/index.ts';
import { AUTHORITY_FILE, BUNDLE_FILE, type CloudAccounts } from './files.ts';
import { gcpCloud } from './gcp/index.ts';
import { openMachines } from './machines.ts';
import { startCloudProxy } from './proxy.ts';

const port = z.coerce.number().int().min(1).max(65_535);
const path = z.string().startsWith('/');
const optionsSchema = z.object({
  port,
  folder: path,
  /** Gets the accounts that builds may use, for their owner alone. */
  accounts: path,
  'base-disk': path,
  network: z.string().regex(/^127(\.\d{1,3}){2}$/),
  'ssh-port': port,
});

/** Where Debian and its relatives, Red Hat's and SUSE keep the authorities that a machine trusts. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
];

const readOptions = (): z.infer<typeof optionsSchema> => {
  const names = Object.keys(optionsSchema.shape);
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  });
  return optionsSchema.parse(values);
};

/** All authorities of this machine: SSL_CERT_FILE takes the place of the system's own. */
const systemAuthorities = async (): Promise<string> => {
  for (const file of SYSTEM_BUNDLES) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return '';
};

const main = async (): Promise<void> => {
  const options = readOptions();
  const { folder } = options;
  await mkdir(folder, { recursive: true });
  const machines = await openMachines({
    stateDir: join(folder, 'machines'),
    baseDisk: options['base-disk'],
    network: options.network,
    sshPort: options['ssh-port'],
  });
  const authority = await makeAuthority();
  const azure = azureCloud(machines);
  const gcp = gcpCloud(machines);
  const { subscriptionId, tenantId, clientId, clientSecret } = azure.account;
  const resourceGroup = 'images';
  azure.place({ id: `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}` });
  const accounts: CloudAccounts = {
    azure: { subscriptionId, tenantId, clientId, clientSecret, resourceGroup },
    gcp: { projectId: gcp.projectId, credentialsJson: gcp.account.keyFile },
  };
  await writeFile(join(folder, AUTHORITY_FILE), authority.certificate);
  await writeFile(join(folder, BUNDLE_FILE), `${await systemAuthorities()}\n${authority.certificate}`);
  await writeFile(options.accounts, JSON.stringify(accounts, null, 2), { mode: 0o600 });
  const proxy = await startCloudProxy({
    clouds: [azure, gcp],
    authority,
    port: options.port,
    others: 'lead-on',
  });
  const close = (): void => {
    void Promise.all([proxy.close(), machines.close()]).finally(() => process.exit(0));
  };
  process.once('SIGTERM', close).once('SIGINT', close);
  console.log(`Azure and Google Cloud behind ${proxy.url}`);
};

await main();
