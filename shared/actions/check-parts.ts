import type { RunSnapshot } from '../contracts/snapshot.ts';
import { agentStatus } from '../domain/connector/agent-status.ts';
import { connectorOf } from '../domain/definition/fit.ts';
import { noRunner } from '../domain/definition/runnable.ts';
import { looksGeneralising, mustGeneralise } from '../domain/definition/warnings.ts';
import { findMisfits } from '../packer/misfits.ts';
import { isSpecialised } from '../platforms/generalise.ts';
import type { RunIdentity } from '../platforms/platform.ts';
import { findPlatform } from '../platforms/registry.ts';
import { finalName } from '../platforms/snapshot-of.ts';
import { connectorStore } from '../store/connector-store.ts';
import { entityStore } from '../store/entity-store.ts';
import type { Table } from '../store/table.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import { passed, type RunCheck } from './run-checks.ts';

const ROLE = '/provisionerRole/groupIds';

/** What the parts of a run say by themselves, with the number that the run has or would have. */
export const partChecks = (snapshot: RunSnapshot, run: RunIdentity): RunCheck[] => [
  ...stepChecks(snapshot),
  supportCheck(snapshot),
  ...generaliseChecks(snapshot),
  passed('image-name', `The image will be called ${finalName(snapshot, run)}.`),
];

const stepChecks = (snapshot: RunSnapshot): RunCheck[] => {
  const misfits = findMisfits(snapshot);
  if (misfits.length === 0) {
    const { steps, operatingSystem } = snapshot;
    return [passed('provisioner-os', `Each of the ${steps.length} steps is for ${operatingSystem.family}.`)];
  }
  return misfits.map(({ name, detail }) => ({
    id: 'provisioner-os',
    status: 'fail',
    detail,
    field: ROLE,
    errorId: 'provisioner-os-mismatch',
    step: name,
  }));
};

const supportCheck = ({ operatingSystem: { name, supportState } }: RunSnapshot): RunCheck =>
  supportState === 'supported'
    ? passed('operating-system', `${name} is supported.`)
    : {
        id: 'operating-system',
        status: 'warn',
        detail: `${name} is ${supportState}: a run may fail.`,
        field: '/operatingSystem/supportState',
        remedy: 'Switch the definition to a newer operating system.',
      };

/** Only Windows has to be generalised: in a cloud by itself, on-premises by a step of the role (S85–S88). */
const generaliseChecks = (snapshot: RunSnapshot): RunCheck[] => {
  const { operatingSystem, builderConfiguration: builder, steps } = snapshot;
  if (operatingSystem.family !== 'windows') return [];
  if (isSpecialised(snapshot))
    return [passed('generalise', 'The image is specialised, as its builder says: it stays as it is.')];
  const own = findPlatform(builder.platform)?.generalise;
  if (own !== undefined) return [passed('generalise', `The last step is "${own.name}".`)];
  const isDone = steps.some(({ provisioner }) => looksGeneralising({ script: undefined, ...provisioner }));
  if (!mustGeneralise({ definition: {}, operatingSystem, builder }) || isDone)
    return [passed('generalise', 'A step of the role looks like sysprep.')];
  return [
    {
      id: 'generalise',
      status: 'warn',
      detail: 'No step looks like sysprep: on-premises Windows is not generalised by itself.',
      field: ROLE,
      remedy:
        'Put the script of /v1/sysprep-scripts/on-premises, or one of your own, at the end of the role.',
    },
  ];
};

const NO_CONNECTOR = { id: 'connector', status: 'fail', errorId: 'connector-unavailable' } as const;

type Asking = { table: Table; scope: WorkspaceScope; now: string };

/** Whether something is there that executes the build: two reads where a connector is named (S32, S33). */
export const connectorChecks = async (asking: Asking, snapshot: RunSnapshot): Promise<RunCheck[]> => {
  const { definition, builderConfiguration: builder } = snapshot;
  const id = connectorOf(definition, builder);
  const present = id === undefined ? [] : [await presenceOf(asking, id, snapshot)];
  const waits = noRunner({ definition, builder }).map(
    ({ pointer, detail }): RunCheck => ({
      ...NO_CONNECTOR,
      detail,
      field: pointer,
      remedy: 'Choose a connector that reaches the build VM, or a builder that the cloud reaches.',
    }),
  );
  const found = [...present, ...waits];
  return found.length > 0 ? found : [passed('connector', 'The build needs no connector.')];
};

const presenceOf = async (
  { table, scope, now }: Asking,
  id: string,
  { definition }: RunSnapshot,
): Promise<RunCheck> => {
  const field = definition.connectorId === undefined ? '/builderConfiguration/connectorId' : '/connectorId';
  const [connector, agents] = await Promise.all([
    entityStore(table, scope).get('connector', id),
    connectorStore(table, scope).agentsOf([id]),
  ]);
  const remedy = 'Choose another connector.';
  if (connector === undefined) return { ...NO_CONNECTOR, detail: 'Its connector is gone.', field, remedy };
  const name = String(connector['name']);
  const online = agents.filter(({ lastSeenAt }) => agentStatus(lastSeenAt, now) === 'online');
  if (online.length > 0) return passed('connector', `${online.length} agents of ${name} are online.`);
  const detail = `No agent of ${name} is online: a run would wait for one.`;
  return { id: 'connector', status: 'warn', detail, field, remedy: 'Start an agent at the site.' };
};
