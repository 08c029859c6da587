import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proxyVariables } from '../../../infra/constructs/build-network.ts';
import { type Behind, putBehindProxy } from '../../unit/functions/runner/forward-proxy.ts';

/** The real Packer, with what a pool's project gives it: it fetches a disk, whose checksum is never right. */

let folder: string;
let behind: Behind;
const server = createServer((_request, response) => response.end('no disk'));
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'goldsmith-proxy-'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  behind = await putBehindProxy(folder, `http://127.0.0.1:${port}`);
  const usual = await readFile('/etc/ssl/certs/ca-certificates.crt', 'utf8');
  await writeFile(path.join(folder, 'all.pem'), `${usual}${behind.authority}`);
  const builder = {
    type: 'qemu',
    iso_url: `${behind.url}/image.iso`,
    iso_checksum: `sha256:${'0'.repeat(64)}`,
    ssh_username: 'root',
    output_directory: path.join(folder, 'output'),
  };
  await writeFile(path.join(folder, 'template.json'), JSON.stringify({ builders: [builder] }));
});
afterAll(async () => {
  await behind.close();
  server.close();
  await rm(folder, { recursive: true });
});

const build = async (environment: Record<string, string>): Promise<string> => {
  const packer = spawn('packer', ['build', path.join(folder, 'template.json')], {
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      PACKER_CACHE_DIR: path.join(folder, 'cache'),
      CHECKPOINT_DISABLE: '1',
      ...proxyVariables({ https: behind.proxyUrl }),
      ...environment,
    },
  });
  return text(packer.stdout);
};

describe('Packer in a pool with a proxy', () => {
  test('reaches the outside through it, and trusts the authority of the pool', async () => {
    const output = await build({ SSL_CERT_FILE: path.join(folder, 'all.pem') });
    expect(output).toContain('Checksums did not match');
    expect(new Set(behind.asked)).toEqual(new Set(['CONNECT api.goldsmith.test:443']));
  });

  test('trusts no authority that the pool does not name', async () => {
    expect(await build({})).toContain('certificate signed by unknown authority');
  });
});
