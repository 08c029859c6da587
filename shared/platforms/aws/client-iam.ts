import {
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetInstanceProfileCommand,
  IAMClient,
  type InstanceProfile,
  ListRolePoliciesCommand,
  paginateSimulatePrincipalPolicy,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { fails, passes, setting } from '../checks.ts';
import type { PlatformCheck } from '../platform.ts';
import { clientLimits } from './client-limits.ts';
import type { Session } from './client-session.ts';
import { isGone } from './errors.ts';
import { isPackersProfile, RUN_TAG } from './names.ts';

const iamOf = ({ region, identity }: Session): IAMClient =>
  new IAMClient({ ...clientLimits, region, credentials: identity });

/** ARN that policies are attached to: a session of a role has one of its own, `…:assumed-role/NAME/SESSION`. */
const principalOf = (callerArn: string, roleArn: string | undefined): string => roleArn ?? callerArn;

/**
 * Those of the actions that IAM's own simulation denies to the connection. It knows nothing of policies that name
 * single resources, or of conditions. Throws when it may not be asked.
 */
export const simulatedDenials = async (
  session: Session,
  caller: { callerArn: string; roleArn: string | undefined },
  actions: string[],
): Promise<string[]> => {
  const request = {
    PolicySourceArn: principalOf(caller.callerArn, caller.roleArn),
    ActionNames: actions,
  };
  const denied: string[] = [];
  for await (const { EvaluationResults: results = [] } of paginateSimulatePrincipalPolicy(
    { client: iamOf(session) },
    request,
  ))
    for (const { EvalActionName: name, EvalDecision: decision } of results)
      if (name !== undefined && decision !== 'allowed') denied.push(name);
  return denied;
};

const isRefused = (error: unknown): boolean =>
  error instanceof Error && error.name.startsWith('AccessDenied');

/** Packer looks at the profile as well, and ends where it cannot. */
export const profileCheck = async (session: Session, name: string): Promise<PlatformCheck> => {
  const id = 'instance-profile';
  const field = setting('iamInstanceProfile');
  try {
    const { InstanceProfile: profile } = await iamOf(session).send(
      new GetInstanceProfileCommand({ InstanceProfileName: name }),
    );
    if ((profile?.Roles ?? []).length > 0) return passes(id, `The instance profile ${name} is there.`);
    const detail = `The instance profile ${name} has no role.`;
    return fails(id, { detail, field, errorId: 'instance-profile-invalid' });
  } catch (error) {
    if (isGone(error)) {
      const detail = `The instance profile ${name} does not exist.`;
      return fails(id, { detail, field, errorId: 'instance-profile-invalid' });
    }
    if (!isRefused(error)) throw error;
    const detail = `The connection may not look at the instance profile ${name}, as Packer does: iam:GetInstanceProfile.`;
    return fails(id, { detail, field: '/connection/settings/auth', errorId: 'permission-denied' });
  }
};

const readProfile = async (iam: IAMClient, name: string): Promise<InstanceProfile | undefined> => {
  try {
    const answer = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName: name }));
    return answer.InstanceProfile;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
};

/**
 * Profiles that Packer made for a run and that are still there: those of its own machines, and of the reported ones
 * those that carry the run's tag, because a script can print any name.
 */
export const findProfilesOfRun = async (
  session: Session,
  { runId, attached, reported }: { runId: string; attached: string[]; reported: string[] },
): Promise<string[]> => {
  const iam = iamOf(session);
  const names = [...new Set([...attached, ...reported])].filter(isPackersProfile);
  const found = await Promise.all(
    names.map(async (name) => {
      const profile = await readProfile(iam, name);
      const isTagged = (profile?.Tags ?? []).some(({ Key, Value }) => Key === RUN_TAG && Value === runId);
      return profile !== undefined && (isTagged || attached.includes(name)) ? [name] : [];
    }),
  );
  return found.flat();
};

const untilGone = async (work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};

const deleteRole = async (iam: IAMClient, name: string): Promise<void> => {
  const { PolicyNames: policies = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: name }));
  for (const PolicyName of policies)
    await untilGone(iam.send(new DeleteRolePolicyCommand({ RoleName: name, PolicyName })));
  await iam.send(new DeleteRoleCommand({ RoleName: name }));
};

/** Deletes an instance profile that Packer made, with its role of the same name; the profile last, as it is what is found. */
export const deleteProfile = async (session: Session, name: string): Promise<void> => {
  if (!isPackersProfile(name)) throw new Error(`${name} is no profile of Packer`);
  const iam = iamOf(session);
  const both = { InstanceProfileName: name, RoleName: name };
  await untilGone(iam.send(new RemoveRoleFromInstanceProfileCommand(both)));
  await untilGone(deleteRole(iam, name));
  await untilGone(iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName: name })));
};
