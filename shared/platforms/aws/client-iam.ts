import {
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetInstanceProfileCommand,
  type IAMClient,
  type InstanceProfile,
  ListRolePoliciesCommand,
  paginateListInstanceProfiles,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { fails, passes, setting } from '../checks.ts';
import type { Owner, PlatformCheck, RunIdentity } from '../platform.ts';
import { iamOf } from './client-iam-session.ts';
import type { Session } from './client-session.ts';
import type { Belonging } from './client-belongings.ts';
import { isOfRun, namesNoRun, runOfTags } from './client-ownership.ts';
import { isGone, isRefused } from './errors.ts';
import { isPackersProfile } from './names.ts';

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

/** Packer gives one name to the profile and its role; a profile of somebody else's has a role of another name. */
const isMadeByPacker = ({ InstanceProfileName: name = '', Roles: roles = [] }: InstanceProfile): boolean =>
  isPackersProfile(name) && roles.every(({ RoleName }) => RoleName === name);

const profilesByName = async (iam: IAMClient, names: string[]): Promise<InstanceProfile[]> => {
  const found = await Promise.all(
    [...new Set(names)].filter(isPackersProfile).map((name) => readProfile(iam, name)),
  );
  return found.filter((profile) => profile !== undefined).filter(isMadeByPacker);
};

/**
 * Profiles that Packer made for a run and that are still there: those of its own machines, and of the reported ones
 * those that carry the run's tags, because a script can print any name.
 */
export const findProfilesOfRun = async (
  session: Session,
  { run, attached, reported }: { run: RunIdentity; attached: string[]; reported: string[] },
): Promise<string[]> => {
  const found = await profilesByName(iamOf(session), [...attached, ...reported]);
  return found.flatMap(({ InstanceProfileName: name = '', Tags: tags }) =>
    isOfRun(tags, run) || attached.includes(name) ? [name] : [],
  );
};

const listPackersProfiles = async (iam: IAMClient): Promise<string[]> => {
  const names: string[] = [];
  for await (const { InstanceProfiles: profiles = [] } of paginateListInstanceProfiles({ client: iam }, {}))
    names.push(...profiles.flatMap(({ InstanceProfileName }) => InstanceProfileName ?? []));
  return names.filter(isPackersProfile);
};

/**
 * Profiles that Packer made for runs of an owner, with their runs: those with the tags, and those of the owner's machines
 * (`attached`), because Packer 1.6 puts no tags on them. IAM lists no tags, so each is looked at. None
 * where the connection may not list them: then no build of it makes any.
 */
export const findProfilesOfOwner = async (
  session: Session,
  owner: Owner,
  attached: Belonging[],
): Promise<Belonging[]> => {
  const iam = iamOf(session);
  const orNone = (error: unknown): never[] => {
    if (isRefused(error)) return [];
    throw error;
  };
  const listed = await listPackersProfiles(iam).catch(orNone);
  const found = await profilesByName(iam, [...attached.map(({ id }) => id), ...listed]).catch(orNone);
  return found.flatMap(({ InstanceProfileName: id = '', Tags: tags }): Belonging[] => {
    const runId = runOfTags(tags, owner);
    if (runId !== undefined) return [{ id, runId, isNamed: false }];
    return namesNoRun(tags) ? attached.filter((one) => one.id === id) : [];
  });
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
