/** Starts and stops the local stand-ins of Azure and Google Cloud. */
import { join } from 'node:path';
import { ensureBaseDisk } from '../ec2/base-disk.ts';
import { type ChildServer, startServer } from '../ec2/child-server.ts';
import { AUTHORITY_FILE, BUNDLE_FILE } from './files.ts';

export type CloudsOptions = {
  port: number;
  /** Certificates and disks; belongs to one program at a time. */
  folder: string;
  /** File that gets the accounts (`cloudAccountsSchema`), mode 600. */
  accountsFile: string;
  cacheDir: string;
  /** First three numbers of the machines' addresses. */
  network: string;
  sshPort: number;
  log: string;
};

/**
 * Starts them and waits until they serve. What they hold is gone when they end.
 * @throws Error that names the log file when they do not get healthy
 */
export const startClouds = async (options: CloudsOptions): Promise<ChildServer> => {
  const flags = {
    '--port': String(options.port),
    '--folder': options.folder,
    '--accounts': options.accountsFile,
    '--base-disk': await ensureBaseDisk(options.cacheDir),
    '--network': options.network,
    '--ssh-port': String(options.sshPort),
  };
  return startServer({
    name: 'the stand-in for Azure and Google Cloud',
    program: process.execPath,
    args: [join(import.meta.dirname, 'main.ts'), ...Object.entries(flags).flat()],
    healthUrl: `http://127.0.0.1:${options.port}/health`,
    log: options.log,
  });
};

/**
 * How programs find the stand-ins: by the variables that Node.js, the clouds' SDKs and Packer read. What is of this
 * machine goes straight.
 */
export const cloudVariables = ({
  port,
  folder,
}: Pick<CloudsOptions, 'port' | 'folder'>): Record<string, string> => ({
  HTTPS_PROXY: `http://127.0.0.1:${port}`,
  NO_PROXY: '127.0.0.1,localhost',
  // Google's libraries leave the way out to Node.js itself.
  NODE_USE_ENV_PROXY: '1',
  NODE_EXTRA_CA_CERTS: join(folder, AUTHORITY_FILE),
  SSL_CERT_FILE: join(folder, BUNDLE_FILE),
});
