import type { VmLogin } from '../contracts/agent-protocol.ts';
import type { Leftover } from '../contracts/entities/run.ts';
import type { StoredRun } from '../contracts/stored-run.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import type { Engine } from './engine.ts';

export type StoredLogin = NonNullable<StoredRun['vmLogin']>;

const SECRETS = ['privateKey', 'password'] as const;
const placeOf = (scope: WorkspaceScope, runId: string, name: (typeof SECRETS)[number]) => ({
  scope,
  entityId: runId,
  field: `vmLogin/${name}`,
});

/** The login of a kept build VM as it lies in the run's row: its secrets bound to the run. */
export const sealLogin = async (
  { secrets, now }: { secrets: Pick<Engine['secrets'], 'seal'>; now: () => string },
  scope: WorkspaceScope,
  runId: string,
  { privateKey, password, ...open }: VmLogin,
): Promise<StoredLogin> => {
  const seal = (name: (typeof SECRETS)[number], value: string | undefined) =>
    value === undefined ? undefined : secrets.seal(placeOf(scope, runId, name), value, now());
  const [key, word] = await Promise.all([seal('privateKey', privateKey), seal('password', password)]);
  return { ...open, ...(key && { privateKey: key }), ...(word && { password: word }) };
};

/** The login again; throws what KMS throws. */
export const openLogin = async (
  { secrets }: { secrets: Pick<Engine['secrets'], 'open'> },
  scope: WorkspaceScope,
  runId: string,
  { privateKey, password, ...open }: StoredLogin,
): Promise<VmLogin> => {
  const unseal = (name: (typeof SECRETS)[number], ciphertext: string | undefined) =>
    ciphertext === undefined ? undefined : secrets.open(placeOf(scope, runId, name), ciphertext);
  const [key, word] = await Promise.all([
    unseal('privateKey', privateKey?.ciphertext),
    unseal('password', password?.ciphertext),
  ]);
  return {
    ...open,
    ...(key !== undefined && { privateKey: key }),
    ...(word !== undefined && { password: word }),
  };
};

/**
 * Whether the build VM of a stopped run is deleted, or about to be: it itself, or all that the run left where the VM is
 * no leftover of its own (a resource group).
 */
export const isVmGone = (
  { buildVm }: Pick<StoredRun, 'buildVm'>,
  leftovers: readonly Leftover[],
): boolean => {
  if (leftovers.length === 0) return false;
  const ofVm = leftovers.filter(
    ({ locator }) =>
      buildVm !== undefined && (locator === buildVm.locator || locator.endsWith(`/${buildVm.locator}`)),
  );
  return (ofVm.length === 0 ? leftovers : ofVm).every(({ state }) => state !== 'kept');
};
