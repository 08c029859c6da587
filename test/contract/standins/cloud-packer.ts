import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { makeAuthority } from '../../../infra/local/standins/clouds/authority.ts';
import type { Cloud, Machines } from '../../../infra/local/standins/clouds/cloud.ts';
import { openMachines } from '../../../infra/local/standins/clouds/machines.ts';
import { startCloudProxy } from '../../../infra/local/standins/clouds/proxy.ts';
import { ensureBaseDisk } from '../../../infra/local/standins/ec2/base-disk.ts';
import type { PackerArtifact } from '../../../shared/contracts/agent-protocol.ts';
import type { Locator } from '../../../shared/contracts/entities/image-version.ts';
import type { RunSnapshot } from '../../../shared/contracts/snapshot.ts';
import { classifyFailure } from '../../../shared/domain/triage/classify.ts';
import { compileBundle } from '../../../shared/packer/compile.ts';
import { createArtifactCollector } from '../../../shared/packer/output/artifacts.ts';
import { readPackerLine } from '../../../shared/packer/output/events.ts';
import { uiLines } from '../../../shared/packer/output/ui-text.ts';
import type { Platform, PlatformClient, RunIdentity } from '../../../shared/platforms/platform.ts';
import { ulid } from '../../unit/shared/packer/fixtures.ts';

/** Debian's Packer against a cloud in memory, whose machines are real. */

const checkout = resolve(import.meta.dirname, '../../..');
const SSH_PORT = 2222;
/** The user of the machines' disk. */
export const login = { sshUsername: 'admin', sshPort: SSH_PORT };

/** A cloud behind a proxy that speaks TLS; `part` of the loopback network is its machines' own. */
export const openSite = async <C extends Cloud>(
  name: string,
  part: number,
  cloudOf: (machines: Machines) => C,
) => {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  const machines = await openMachines({
    stateDir: join(folder, 'machines'),
    baseDisk: await ensureBaseDisk(join(checkout, '.goldsmith/cache')),
    network: `127.${64 + Math.floor(Math.random() * 180)}.${part}`,
    sshPort: SSH_PORT,
  });
  const authority = await makeAuthority();
  const cloud = cloudOf(machines);
  const proxy = await startCloudProxy({ clouds: [cloud], authority });
  const authorityFile = join(folder, 'authority.pem');
  await writeFile(authorityFile, authority.certificate);
  return {
    folder,
    cloud,
    certificate: authority.certificate,
    authorityFile,
    proxyUrl: proxy.url,
    stop: async () => {
      await proxy.close();
      await machines.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
type Site = { folder: string; proxyUrl: string; authorityFile: string };

/** A run, its client, and what Packer is to find in its environment beside the nonce. */
export type Prepared<S extends RunSnapshot = RunSnapshot> = {
  snapshot: S;
  run: RunIdentity;
  client: PlatformClient;
  variables: Record<string, string>;
};
export type Built = {
  exitCode: number | null;
  lines: string[];
  errors: string[];
  artifacts: PackerArtifact[];
};
type Options = { until?: RegExp; isResolved?: boolean };

const startPacker = async (site: Site, platform: Platform, prepared: Prepared, isResolved: boolean) => {
  const { snapshot, run, client, variables } = prepared;
  const baseImage = isResolved ? await client.resolveBaseImage() : undefined;
  const bundle = compileBundle({ platform, snapshot, run, baseImage, generation: '1.6' });
  const job = join(site.folder, run.runId);
  for (const { path, content } of bundle.files) {
    await mkdir(join(job, dirname(path)), { recursive: true });
    await writeFile(join(job, path), content);
  }
  const env = {
    PATH: process.env['PATH'],
    HOME: job,
    TMPDIR: job,
    CHECKPOINT_DISABLE: '1',
    HTTPS_PROXY: site.proxyUrl,
    SSL_CERT_FILE: site.authorityFile,
    PKR_VAR_goldsmith_nonce: 'nonce-of-the-run',
    ...variables,
  };
  return spawn('packer', ['build', '-machine-readable', '.'], {
    cwd: job,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
};

/** Runs Packer to its end, or kills it once `until` matches a line, as a stop would. */
export const buildAt = async (
  site: Site,
  platform: Platform,
  prepared: Prepared,
  { until, isResolved = true }: Options = {},
): Promise<Built> => {
  const packer = await startPacker(site, platform, prepared, isResolved);
  const lines: string[] = [];
  const errors: string[] = [];
  const collector = createArtifactCollector();
  for await (const line of createInterface({ input: packer.stdout })) {
    const event = readPackerLine(line);
    collector.add(event);
    if (event.kind !== 'ui') continue;
    lines.push(...uiLines(event.data));
    if (event.voice === 'error') errors.push(...uiLines(event.data));
    if (until?.test(event.data) === true && packer.pid !== undefined) process.kill(-packer.pid, 'SIGKILL');
  }
  if (packer.exitCode === null && packer.signalCode === null) await once(packer, 'exit');
  return { exitCode: packer.exitCode, lines, errors, artifacts: collector.list() };
};

/** What the triage makes of a build that failed. */
export const failureOf = ({ errors }: Built) =>
  classifyFailure({
    outcome: 'failed',
    exitCode: 1,
    steps: [{ index: 1, name: 'update packages' }],
    errors: errors.map((text, seq) => ({ seq, step: null, text })),
  });

/** An image that was built before, to build on. */
export const layerOf = (locators: Locator[]) => ({
  imageDefinitionId: `def_${ulid('D')}`,
  imageVersionId: `ver_${ulid('V')}`,
  name: 'Web-Base-v1',
  createdAt: '2026-01-02T03:04:05.678Z',
  locators,
});
