import { changeRun } from '../../../shared/actions/change-run.ts';
import { isVmGone, openLogin, type StoredLogin } from '../../../shared/actions/vm-login.ts';
import type { VmLogin } from '../../../shared/contracts/agent-protocol.ts';
import type { VmAccess } from '../../../shared/contracts/entities/vm-access.ts';
import type { platformRoutes } from '../../../shared/contracts/routes/platforms.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import { audited } from '../../../shared/runtime/api/audit.ts';
import type { Answer, CallOf } from '../../../shared/runtime/api/operation.ts';
import { ApiProblem, notFound } from '../../../shared/runtime/api/problem.ts';
import { leftoverStore } from '../../../shared/store/leftover-store.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { SecretBox } from '../../../shared/store/secret-box.ts';
import type { Table } from '../../../shared/store/table.ts';

export type AccessGiver = { core: Table; secrets: Pick<SecretBox, 'open'>; now: () => string };

type Call = Pick<CallOf<typeof platformRoutes.giveVmAccess>, 'scope' | 'params' | 'principal' | 'remember'>;

/**
 * Tells once how to log in to the build VM that a stopped run left. The write that notes it takes the login away, so
 * that of several at the same moment exactly one is told. 409 when it was told before, or there is nothing to tell.
 */
export const giveVmAccess = async (giver: AccessGiver, call: Call): Promise<Answer> => {
  const { scope, params } = call;
  const seen = await runStore(giver.core, scope).get(params.runId);
  if (seen === undefined) throw notFound('run');
  const stored = demandLogin(seen);
  if (isVmGone(seen, await leftoverStore(giver.core, scope).list(seen.id)))
    throw noAccess('Its VM is deleted.');
  // Opened first: what cannot be opened must not be lost by being told.
  const login = await openLogin(giver, scope, seen.id, stored);
  const answer: Answer = { body: accessOf(seen, login) };
  await changeRun(giver.core, scope, seen.id, (run) => {
    demandLogin(run);
    const options = {
      remove: ['vmLogin' as const],
      more: [recordOf(call, run), ...call.remember(answer, { secret: true })],
    };
    return { changes: { vmLoginGivenAt: giver.now() }, options };
  });
  return answer;
};

const noAccess = (detail: string): ApiProblem => new ApiProblem('no-vm-access', detail);

/** The login of a run that has one to tell. */
const demandLogin = (run: StoredRun): StoredLogin => {
  if (!hasEnded(run))
    throw new ApiProblem('still-active', "The VM is the run's until it ends. Stop it first.");
  if (run.status !== 'Stopped') throw noAccess(`The run is ${run.status}; only a stopped run keeps its VM.`);
  if (run.vmLoginGivenAt !== undefined)
    throw new ApiProblem(
      'vm-access-given',
      `The login was told at ${run.vmLoginGivenAt}, and is kept no more.`,
    );
  if (run.vmLogin === undefined)
    throw noAccess('The run was stopped before Packer had logged in to a VM, or the VM is deleted.');
  return run.vmLogin;
};

const LOOPBACK = /^(?:localhost|127\.|::1$)/;

/**
 * Where Packer reached the VM, unless that was a tunnel on Packer's machine, which ended with it: then the address that
 * the platform tells, and no port. A VM on Packer's own machine is reached through that machine for good.
 */
const accessOf = ({ buildVm }: StoredRun, { host: seen, port, ...login }: VmLogin): VmAccess => {
  const address = buildVm?.address;
  const wasTunnel =
    seen !== undefined && LOOPBACK.test(seen) && address !== undefined && !LOOPBACK.test(address);
  const host = wasTunnel ? address : (seen ?? address);
  const place = { ...(host !== undefined && { host }), ...(port !== undefined && !wasTunnel && { port }) };
  const command = commandOf({ ...login, ...place });
  return { ...login, ...place, ...(command !== undefined && { command }) };
};

/** Nothing that means something to a shell: a user's name may be anything. */
const PLAIN = /^[\w.:@-]+$/;

const commandOf = ({
  communicator,
  user,
  host,
  port,
  privateKey,
}: Omit<VmAccess, 'command'>): string | undefined => {
  if (communicator !== 'ssh' || host === undefined || !PLAIN.test(user) || !PLAIN.test(host))
    return undefined;
  const key = privateKey === undefined ? '' : '-i build-vm.pem ';
  return `ssh ${key}${port === undefined ? '' : `-p ${port} `}-l ${user} ${host}`;
};

const recordOf = ({ scope, principal }: Call, { id, imageName, number }: StoredRun) =>
  audited(scope, {
    principal,
    action: 'reveal',
    entity: { kind: 'vm-access', id, name: `${imageName}-v${number}` },
  });
