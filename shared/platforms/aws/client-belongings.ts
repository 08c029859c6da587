import {
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type Instance,
  paginateDescribeInstances,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import type { Owner } from '../platform.ts';
import { filtersOfOwner, namesNoRun, runOfTags } from './client-ownership.ts';
import { filter } from './client-session.ts';
import { isPackersGroup, isPackersProfile } from './names.ts';

const LIVING = new Set<string | undefined>(['pending', 'running', 'stopping', 'stopped']);

/** EC2 shows instances for about an hour after they ended: what was made for them still names them. */
export const isLiving = ({ State: state }: Instance): boolean => LIVING.has(state?.Name);

/** Groups of machines that Packer made for them, by their names. */
export const packersGroupsOf = ({ SecurityGroups: groups = [] }: Instance) =>
  groups.filter(({ GroupName: name = '' }) => isPackersGroup(name));

/** Name of the profile of a machine. */
export const profileOf = ({ IamInstanceProfile }: Instance): string | undefined =>
  IamInstanceProfile?.Arn?.split('/').at(-1);

/** A machine with the tags of an owner; also for about an hour after its end. */
export type Machine = { id: string; runId: string; isLiving: boolean; instance: Instance };

/** All machines with the owner's tags that name a run. */
export const listMachines = async (client: EC2Client, owner: Owner): Promise<Machine[]> => {
  const machines: Machine[] = [];
  const pages = paginateDescribeInstances({ client }, { Filters: filtersOfOwner(owner) });
  for await (const { Reservations: reservations = [] } of pages)
    for (const instance of reservations.flatMap(({ Instances: instances = [] }) => instances)) {
      const { InstanceId: id, Tags: tags } = instance;
      const runId = runOfTags(tags, owner);
      if (id !== undefined && runId !== undefined)
        machines.push({ id, runId, isLiving: isLiving(instance), instance });
    }
  return machines;
};

/** Something without tags and the run whose machine has it. */
export type Belonging = { id: string; runId: string };
/** Groups with their runs; profiles by name, with their runs. */
export type Belongings = { groups: Belonging[]; profiles: Map<string, string> };

const readGroups = async (client: EC2Client, ids: string[]): Promise<SecurityGroup[]> => {
  if (ids.length === 0) return [];
  const request = new DescribeSecurityGroupsCommand({ Filters: [filter('group-id', ...ids)] });
  return (await client.send(request)).SecurityGroups ?? [];
};

/** What Packer 1.6 made for machines without tags on it: groups that are there, and profiles, by Packer's own names. */
export const belongingsOf = async (client: EC2Client, machines: Machine[]): Promise<Belongings> => {
  const runOfGroup = new Map<string, string>();
  const profiles = new Map<string, string>();
  for (const { instance, runId } of machines) {
    for (const { GroupId } of packersGroupsOf(instance))
      if (GroupId !== undefined) runOfGroup.set(GroupId, runId);
    const profile = profileOf(instance);
    if (profile !== undefined && isPackersProfile(profile)) profiles.set(profile, runId);
  }
  const there = await readGroups(client, [...runOfGroup.keys()]);
  const groups = there.flatMap(({ GroupId: id = '', Tags: tags }) => {
    const runId = namesNoRun(tags) ? runOfGroup.get(id) : undefined;
    return runId === undefined ? [] : [{ id, runId }];
  });
  return { groups, profiles };
};
