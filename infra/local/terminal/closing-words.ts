/** What `npm start` says in the end, and what it says when a stack runs already. */
import { join } from 'node:path';
import { readLocalFile } from '../stack/local-file.ts';
import type { StackPaths } from '../stack/settings.ts';
import type { Stack } from '../stack/stack.ts';
import type { Supervisor } from '../stack/supervisor-file.ts';

/** Everything is up: what it is, what is not real, and what to try. */
export function describeStack(stack: Stack, paths: StackPaths, table: string): string {
  const { outputs, seeded, servers } = stack;
  const curl = `curl -s -H "Authorization: Bearer $(node -p 'require("${paths.localFile}").token')"`;
  const workspace = `${outputs.ApiUrl}/v1/workspaces/${seeded.workspaceId}`;
  return `
${table}

Goldsmith is up: ${outputs.ApiUrl}/v1  (WebSocket ${outputs.SocketUrl})

What stands in for something else here:
  AWS, where Goldsmith itself runs     MiniStack, an emulator, at ${servers.emulator.endpoint}
  CodeBuild                            a local program; Packer is real and runs on this machine
  the customer's AWS account           moto with real VMs, at ${servers.ec2.endpoint}: an instance is a QEMU VM,
                                       an AMI is its disk in ${join(paths.state, 'ec2', 'disks')}
  Azure and Google Cloud               programs with QEMU VMs behind them; what a connection to them takes is in
                                       ${paths.cloudsFile}

Try (address and token are in ${paths.localFile}):
  ${curl} '${outputs.ApiUrl}/v1/me'
  ${curl} '${workspace}/image-definitions/${seeded.imageDefinitionId}/log?limit=20'
  ${curl} -X POST '${workspace}/image-definitions/${seeded.imageDefinitionId}/runs'

Ctrl-C (or npm stop from elsewhere) saves and stops everything.`;
}

/** A stack of this folder runs already: how to reach and how to end it. */
export async function describeRunning(paths: StackPaths, supervisor: Supervisor): Promise<string> {
  const local = await readLocalFile(paths);
  const since = new Date(supervisor.startedAt).toLocaleTimeString('sv-SE');
  const where =
    local === undefined ? 'it is still starting' : `${local.apiUrl}/v1, token in ${paths.localFile}`;
  return `Goldsmith already runs from this folder since ${since} (process ${supervisor.pid}): ${where}. npm stop ends it.`;
}
