import type { IdKind } from '../../../shared/contracts/common.ts';
import { keys } from '../../../shared/store/keys.ts';
import type { Table } from '../../../shared/store/table.ts';
import { scopeTo, type WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../../shared/store/workspace-store.ts';
import type { Random } from './random.ts';
import { base, ulid } from '../../support/builders.ts';
import { shell, snapshot } from '../../unit/shared/packer/fixtures.ts';

/** A workspace of a history, with definitions that can be run. */
export type SimulatedWorkspace = { scope: WorkspaceScope; definitionIds: readonly [string, ...string[]] };

const groupId = `grp_${ulid('G')}`;

/** Puts a workspace with two definitions and all that they refer to. */
export const putWorkspace = async (
  core: Table,
  random: Random,
  { place, maxConcurrentRuns }: { place: number; maxConcurrentRuns: number },
): Promise<SimulatedWorkspace> => {
  const id = `ws_${ulid(`W${place}`)}`;
  const scope = scopeTo(id);
  await workspaceStore(core).create(
    { ...base(id, `Team ${place}`), maxConcurrentRuns },
    { id: 'user-1' },
    [],
  );
  const provisioners = [1, 2].map((each) => shell({ id: `prv_${ulid(`P${each}`)}`, name: `step ${each}` }));
  const put = (kind: IdKind, row: { id: string }) =>
    core.write([{ put: { ...keys.entity(scope, kind, row.id), row: kind, ...row } }]);
  const { operatingSystem, builderConfiguration, connection } = snapshot();
  await put('operating-system', operatingSystem);
  const inVpc = { id: `bld_${ulid('VPC')}`, name: 'in the VPC', runnerPoolId: 'vpc' };
  const builders = [builderConfiguration, { ...builderConfiguration, ...inVpc }] as const;
  for (const one of builders) await put('builder-configuration', one);
  await put('connection', connection);
  const role = { ...base(`rol_${ulid('R')}`, 'web'), groupIds: [groupId] };
  await put('provisioner-role', role);
  for (const one of provisioners) await put('provisioner', one);
  const items = provisioners.map((one) => ({ provisionerId: one.id, enabled: true }));
  const group = { ...base(groupId, 'basics'), items };
  await put('provisioner-group', group);
  const definition = async (name: string, builder: { id: string }): Promise<string> => {
    const row = {
      ...base(`def_${ulid(`D${place}${name}`)}`, `Image-${place}-${name}`),
      operatingSystemId: `os_${ulid('S')}`,
      builderConfigurationId: builder.id,
      provisionerRoleId: `rol_${ulid('R')}`,
      timeoutSeconds: random.pick([300, 900, 3600]),
    };
    await put('image-definition', row);
    return row.id;
  };
  return { scope, definitionIds: [await definition('A', builders[0]), await definition('B', builders[1])] };
};
