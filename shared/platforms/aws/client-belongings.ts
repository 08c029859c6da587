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
import { ANY_KEY_PAIR, isPackersGroup, isPackersProfile, runOfKeyPair } from './names.ts';

const LIVING = new Set<string | undefined>(['pending', 'running', 'stopping', 'stopped']);

/** EC2 shows instances for about an hour after they ended: what was made for them still names them. */
export const isLiving = ({ State: state }: Instance): boolean => LIVING.has(state?.Name);

/** Groups of machines that Packer made for them, by their names. */
export const packersGroupsOf = ({ SecurityGroups: groups = [] }: Instance) =>
  groups.filter(({ GroupName: name = '' }) => isPackersGroup(name));

/** Name of the profile of a machine. */
export const profileOf = ({ IamInstanceProfile }: Instance): string | undefined =>
  IamInstanceProfile?.Arn?.split('/').at(-1);

/** A machine of a run, also for about an hour after its end. `isNamed`: known by the name of its key pair alone. */
export type Machine = { id: string; runId: string; isNamed: boolean; isLiving: boolean; instance: Instance };

/** Packer 1.6 tags a spot machine some time after it was launched: until then only its key pair tells its run. */
const runOfMachine = ({ Tags, KeyName = '' }: Instance, owner: Owner) => {
  const runId = runOfTags(Tags, owner);
  if (runId !== undefined || !namesNoRun(Tags)) return { runId, isNamed: false };
  return { runId: runOfKeyPair(KeyName), isNamed: true };
};

/** All machines with the owner's tags that name a run, and those without tags whose key pair does. */
export const listMachines = async (client: EC2Client, owner: Owner): Promise<Machine[]> => {
  const machines = new Map<string, Machine>();
  for (const Filters of [filtersOfOwner(owner), [filter('key-name', ANY_KEY_PAIR)]])
    for await (const { Reservations: some = [] } of paginateDescribeInstances({ client }, { Filters }))
      for (const instance of some.flatMap(({ Instances: instances = [] }) => instances)) {
        const { InstanceId: id } = instance;
        const { runId, isNamed } = runOfMachine(instance, owner);
        if (id !== undefined && runId !== undefined)
          machines.set(id, { id, runId, isNamed, isLiving: isLiving(instance), instance });
      }
  return [...machines.values()];
};

/** Something without tags and the run whose machine has it. */
export type Belonging = Pick<Machine, 'id' | 'runId' | 'isNamed'>;
/** Groups by id, profiles by name. */
export type Belongings = { groups: Belonging[]; profiles: Belonging[] };

const readGroups = async (client: EC2Client, ids: string[]): Promise<SecurityGroup[]> => {
  if (ids.length === 0) return [];
  const request = new DescribeSecurityGroupsCommand({ Filters: [filter('group-id', ...ids)] });
  return (await client.send(request)).SecurityGroups ?? [];
};

/** What Packer 1.6 made for machines without tags on it: groups that are there, and profiles, by Packer's own names. */
export const belongingsOf = async (client: EC2Client, machines: Machine[]): Promise<Belongings> => {
  const groups = new Map<string, Belonging>();
  const profiles = new Map<string, Belonging>();
  for (const { instance, runId, isNamed } of machines) {
    for (const { GroupId: id } of packersGroupsOf(instance))
      if (id !== undefined) groups.set(id, { id, runId, isNamed });
    const id = profileOf(instance);
    if (id !== undefined && isPackersProfile(id)) profiles.set(id, { id, runId, isNamed });
  }
  const there = await readGroups(client, [...groups.keys()]);
  const untagged = there.flatMap(({ GroupId: id = '', Tags: tags }) =>
    namesNoRun(tags) ? (groups.get(id) ?? []) : [],
  );
  return { groups: untagged, profiles: [...profiles.values()] };
};
