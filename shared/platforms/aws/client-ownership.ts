import type { Filter, Tag } from '@aws-sdk/client-ec2';
import type { Owner, RunIdentity } from '../platform.ts';
import { filter } from './client-session.ts';
import { DEPLOYMENT_TAG, RUN_TAG, WORKSPACE_TAG } from './names.ts';

type Tags = Pick<Tag, 'Key' | 'Value'>[] | undefined;

const valueOf = (tags: Tags, key: string): string | undefined => tags?.find(({ Key }) => Key === key)?.Value;

/** Filters of EC2 for what a run made: an id of a run says nothing of whose deployment it is. */
export const filtersOfRun = ({ runId, deploymentId }: RunIdentity): Filter[] => [
  filter(`tag:${RUN_TAG}`, runId),
  filter(`tag:${DEPLOYMENT_TAG}`, deploymentId),
];

/** The same for all that the runs of an owner made. */
export const filtersOfOwner = ({ deploymentId, workspaceId }: Owner): Filter[] => [
  filter(`tag:${DEPLOYMENT_TAG}`, deploymentId),
  filter(`tag:${WORKSPACE_TAG}`, workspaceId),
];

/** The run that tags name together with its owner; undefined of all else. */
export const runOfTags = (tags: Tags, { deploymentId, workspaceId }: Owner): string | undefined =>
  valueOf(tags, DEPLOYMENT_TAG) === deploymentId && valueOf(tags, WORKSPACE_TAG) === workspaceId
    ? valueOf(tags, RUN_TAG)
    : undefined;

/** Whether tags are those of a run. */
export const isOfRun = (tags: Tags, { runId, deploymentId }: RunIdentity): boolean =>
  valueOf(tags, RUN_TAG) === runId && valueOf(tags, DEPLOYMENT_TAG) === deploymentId;

/** Whether tags say of no run at all: Packer 1.6 puts none on key pairs, groups and instance profiles. */
export const namesNoRun = (tags: Tags): boolean => valueOf(tags, RUN_TAG) === undefined;
