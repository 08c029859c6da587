import type { RunIdentity } from '../platform.ts';

/** The tag that ties a resource to its run. */
export const RUN_TAG = 'goldsmith:run';

/** The tags that say whose run it was. */
export const DEPLOYMENT_TAG = 'goldsmith:deployment';
export const WORKSPACE_TAG = 'goldsmith:workspace';

/** Tags on everything that a run makes. */
export const runTags = (run: RunIdentity): Record<string, string> => ({
  [DEPLOYMENT_TAG]: run.deploymentId,
  [WORKSPACE_TAG]: run.workspaceId,
  'goldsmith:definition': run.definitionId,
  [RUN_TAG]: run.runId,
});

/** The resource group that a run makes for a while. */
export const temporaryGroupName = (runId: string): string => `goldsmith-${runId}`;

/** Run of such a group; undefined when the name is another one. */
export const runOfGroup = (name: string): string | undefined => /^goldsmith-(run_\w+)$/i.exec(name)?.[1];

const lastOf = (runId: string, length: number): string => runId.slice(-length).toLowerCase();

/** Name of the build VM: it names its computer too, and Windows takes 15 characters. */
export const vmName = (runId: string): string => `gs${lastOf(runId, 13)}`;

/** What the names of a run's other temporary resources begin with; Packer takes ten characters. */
export const resourcePrefix = (runId: string): string => `g${lastOf(runId, 9)}`;

/** Whether a disk has a name that Packer gives to the disks of this run: Azure does not tag them. */
export const isDiskOfRun = (name: string, runId: string): boolean =>
  new RegExp(`^${resourcePrefix(runId)}(os|dd)[a-z0-9]{5}(-\\d+)?$`, 'i').test(name);

/** Whether a deployment has a name that Packer gives to those of this run; on Windows there is a second one, for a key vault. */
export const isDeploymentOfRun = (name: string, runId: string): boolean =>
  new RegExp(`^(kv)?${resourcePrefix(runId)}dp[a-z0-9]{5}$`, 'i').test(name);

/** Kinds of what a run can leave in a subscription. */
export const kinds = {
  resourceGroup: 'azure-resource-group',
  vm: 'azure-vm',
  networkInterface: 'azure-network-interface',
  publicAddress: 'azure-public-ip-address',
  network: 'azure-virtual-network',
  securityGroup: 'azure-network-security-group',
  keyVault: 'azure-key-vault',
  disk: 'azure-disk',
  snapshot: 'azure-snapshot',
  galleryVersion: 'azure-gallery-image-version',
  image: 'azure-image',
  deployment: 'azure-deployment',
} as const;
export type AzureKind = (typeof kinds)[keyof typeof kinds];

export { regionKey } from '../../contracts/platforms/azure.ts';

/** Whether two names are one to Azure, which does not tell capitals from small letters. */
export const isSameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** What Azure calls the architectures of operating systems. */
export const processors = { x86_64: 'x64', arm64: 'Arm64' } as const;
