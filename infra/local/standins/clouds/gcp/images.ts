import * as z from 'zod';
import { alreadyExists, apiError, notFound } from './answers.ts';
import {
  bodyAs,
  checkName,
  type Context,
  filtered,
  globalOperation,
  type Handler,
  ok,
  URL_BASE,
} from './context.ts';
import type { Image, State } from './state.ts';

const pathOf = (project: string, name: string): string => `projects/${project}/global/images/${name}`;

/** An image as the REST reference shows it ("REST Resource: images"). */
const shown = (project: string, { machineImage: _hidden, ...image }: Image) => ({
  kind: 'compute#image',
  id: '4321987654321987654',
  sourceType: 'RAW',
  ...image,
  selfLink: `${URL_BASE}/${pathOf(project, image.name)}`,
});

/** The image that a path or URL names. */
export const imageAt = (state: State, link: string): Image | undefined => {
  const [, project, name] = /projects\/([^/]+)\/global\/images\/([^/]+)$/.exec(link) ?? [];
  return state.images.get(`${project}/${name}`);
};

const demandImage = ({ state, part }: Context): Image => {
  const image = state.images.get(`${part('project')}/${part('image')}`);
  if (image === undefined) throw notFound(pathOf(part('project'), part('image')));
  return image;
};

const imagesOf = (state: State, project: string): Image[] =>
  [...state.images].filter(([key]) => key.startsWith(`${project}/`)).map(([, image]) => image);

export const getImage: Handler = (context) => ok(shown(context.part('project'), demandImage(context)));

/** "The latest image that is part of an image family and is not deprecated" ("images.getFromFamily"). */
export const getFromFamily: Handler = ({ state, part }) => {
  const [newest] = imagesOf(state, part('project'))
    .filter(({ family, deprecated }) => family === part('family') && deprecated === undefined)
    .sort((a, b) => (a.creationTimestamp < b.creationTimestamp ? 1 : -1));
  if (newest === undefined)
    throw notFound(`projects/${part('project')}/global/images/family/${part('family')}`);
  return ok(shown(part('project'), newest));
};

export const listImages: Handler = (context) => {
  const project = context.part('project');
  const items = filtered(imagesOf(context.state, project), context).map((image) => shown(project, image));
  return ok({ kind: 'compute#imageList', ...(items.length === 0 ? {} : { items }) });
};

const insertBody = z.object({
  name: z.string(),
  sourceDisk: z.string(),
  family: z.string().optional(),
  description: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  licenses: z.array(z.string()).optional(),
  storageLocations: z.array(z.string()).optional(),
});

/**
 * Path of a disk from its URL. Debian's Packer 1.6.6, built with a newer library than it was written for, leaves
 * `projects/` out of the URL; what Compute Engine itself says to that was never seen.
 */
const diskPath = (link: string): string =>
  `projects/${link.replace(/^https:\/\/[^/]+\/compute\/v1\//, '').replace(/^projects\//, '')}`;

export const insertImage: Handler = (context) => {
  const { state, part } = context;
  const { sourceDisk, ...fields } = bodyAs(insertBody, context);
  checkName(fields.name);
  const key = `${part('project')}/${fields.name}`;
  if (state.images.has(key)) throw alreadyExists(pathOf(part('project'), fields.name));
  const path = diskPath(sourceDisk);
  const disk = state.disks.get(path);
  if (disk === undefined) throw notFound(path);
  if ([...state.instances.values()].some((instance) => instance.disk === path))
    throw apiError(
      400,
      'resourceInUseByAnotherResource',
      `The disk resource '${path}' is already being used.`,
    );
  const { sizeGb: diskSizeGb, machineImage } = disk;
  const architecture = imageAt(state, disk.sourceImage)?.architecture ?? 'X86_64';
  return globalOperation(context, async () => {
    const creationTimestamp = new Date().toISOString();
    const kept = machineImage === undefined ? {} : { machineImage };
    state.images.set(key, {
      ...fields,
      ...kept,
      status: 'READY',
      diskSizeGb,
      creationTimestamp,
      architecture,
    });
    await Promise.resolve();
  });
};

export const deleteImage: Handler = (context) => {
  const { state, part } = context;
  demandImage(context);
  return globalOperation(context, async () => {
    state.images.delete(`${part('project')}/${part('image')}`);
    await Promise.resolve();
  });
};
