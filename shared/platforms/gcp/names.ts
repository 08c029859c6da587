import { sha256 } from '../../domain/sha256.ts';
import { originOf } from '../origin-text.ts';
import type { RunIdentity } from '../platform.ts';

/** Longest name of a resource and longest value of a label in Compute Engine. */
const MAX_LENGTH = 63;
/** Characters of a checksum that stand for what was cut off or replaced: 48 bits. */
const CHECKSUM_LENGTH = 12;

const shortened = (text: string, full: string): string =>
  `${text.slice(0, MAX_LENGTH - CHECKSUM_LENGTH - 1)}-${sha256(full).slice(0, CHECKSUM_LENGTH)}`;

/**
 * A text as the value of a label: in lower case, which keeps the ids of Goldsmith apart (ULIDs are written in upper case
 * only). A text that has other characters, or is too long, keeps what can be kept, with a checksum of the whole behind it.
 * Rule: Compute Engine, "Labeling resources", requirements for labels.
 */
export const labelValue = (text: string): string => {
  const lower = text.toLowerCase();
  return /^[\p{Ll}0-9_-]{0,63}$/u.test(lower)
    ? lower
    : shortened(lower.replaceAll(/[^a-z0-9_-]/g, '-'), text);
};

/** The label that ties a resource to its run. */
export const RUN_LABEL = 'goldsmith-run';

/** The labels that say whose run it was. */
export const DEPLOYMENT_LABEL = 'goldsmith-deployment';
export const WORKSPACE_LABEL = 'goldsmith-workspace';

/** The run that a label names, whose id is in upper case; undefined when it names none. */
export const runOfLabel = (label: string): string | undefined =>
  /^run_[0-9a-z]{26}$/.test(label) ? `run_${label.slice('run_'.length).toUpperCase()}` : undefined;

/** Labels on everything that a run makes and that can have labels. */
export const runLabels = (run: RunIdentity): Record<string, string> =>
  Object.fromEntries(
    Object.entries(originOf(run)).map(([key, value]) => [`goldsmith-${key}`, labelValue(value)]),
  );

/**
 * Name of the build VM of a run and of its disk (RFC 1035, at most 63 characters). One name for both: Packer 1.6 does
 * not tell Compute Engine the disk's name, and then looks for it under the name that it was told.
 */
export const machineName = (runId: string): string => {
  const name = `goldsmith-${runId}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/-$/, '');
  return name.length <= MAX_LENGTH ? name : shortened(name, runId);
};

/** What such a name matches in a filter of Compute Engine ("disks.aggregatedList"). */
export const ANY_MACHINE = 'name eq goldsmith-run-.*';

/** The run of such a name; undefined when it is another one. */
export const runOfMachine = (name: string): string | undefined =>
  /^goldsmith-run-[0-9a-z]{26}$/.test(name)
    ? runOfLabel(name.slice('goldsmith-'.length).replace('-', '_'))
    : undefined;

/** Kinds of temporary resources in a project. */
export const kinds = { instance: 'gce-instance', disk: 'gce-disk', image: 'gce-image' } as const;

/** An image of a project. */
export type ImagePlace = { projectId: string; image: string };
/** A VM or a disk of a project. */
export type ZonePlace = { projectId: string; zone: string; name: string };

/** `projects/P/global/images/I`: what Compute Engine calls a partial URL. */
export const imagePath = ({ projectId, image }: ImagePlace): string =>
  `projects/${projectId}/global/images/${image}`;

/** The URL by which Compute Engine itself names an image. */
export const imageSelfLink = (place: ImagePlace): string =>
  `https://www.googleapis.com/compute/v1/${imagePath(place)}`;

const IMAGE_PATH =
  /^(?:https:\/\/[a-z.]+\/compute\/v1\/)?projects\/([a-z0-9.:-]+)\/global\/images\/([a-z][a-z0-9-]*)$/;

/** Reads a path or URL of an image; undefined when it is none. */
export const parseImagePath = (path: string): ImagePlace | undefined => {
  const [, projectId, image] = IMAGE_PATH.exec(path) ?? [];
  return projectId === undefined || image === undefined ? undefined : { projectId, image };
};

type ZoneKind = 'instances' | 'disks';

/** `projects/P/zones/Z/instances/N`. */
export const zonePath = (kind: ZoneKind, { projectId, zone, name }: ZonePlace): string =>
  `projects/${projectId}/zones/${zone}/${kind}/${name}`;

/** Reads what `zonePath` writes; undefined when it is something else. */
export const parseZonePath = (kind: ZoneKind, path: string): ZonePlace | undefined => {
  const form = /^projects\/([a-z0-9.:-]+)\/zones\/([a-z0-9-]+)\/(instances|disks)\/([a-z][a-z0-9-]*)$/;
  const [, projectId, zone, found, name] = form.exec(path) ?? [];
  if (projectId === undefined || zone === undefined || name === undefined || found !== kind) return undefined;
  return { projectId, zone, name };
};

/** The last part of a URL of Compute Engine: the resource's own name. */
export const lastPart = (url: string): string => url.slice(url.lastIndexOf('/') + 1);
