import * as z from 'zod';
import { idOf, timestamp } from '../common.ts';
import {
  awsLocator,
  azureGalleryLocator,
  azureManagedLocator,
  gcpLocator,
  hostLocator,
} from '../platforms/locators.ts';
import { readable } from '../readable.ts';

/** Where an image is, in the terms of its platform; each kind is known by fields that only it has. */
export const locatorSchema = z.union([
  z.object(readable(awsLocator.shape)),
  z.object(readable(azureManagedLocator.shape)),
  z.object(readable(azureGalleryLocator.shape)),
  z.object(readable(gcpLocator.shape)),
  z.object(readable(hostLocator.shape)),
]);
export type Locator = z.infer<typeof locatorSchema>;

/** The exact base image a run started from. */
export const baseImageSchema = z.object({
  id: z.string(),
  name: z.string().optional(),
  createdAt: z.string().optional(),
  /** Since or from when the platform calls it deprecated. */
  deprecatedAt: z.string().optional(),
  /** The image version of this workspace that it is, where images build on images. */
  imageVersionId: z.string().optional(),
});
export type BaseImage = z.infer<typeof baseImageSchema>;

/** What a succeeded run made. */
export const imageVersionSchema = z
  .object({
    id: idOf('image-version'),
    number: z.int().min(1),
    name: z.string(),
    imageDefinitionId: idOf('image-definition'),
    runId: idOf('run'),
    state: z.enum(['available', 'deprecated', 'revoked', 'missing', 'deleted']),
    stateWhenFound: z.enum(['available', 'deprecated']).optional().meta({
      description: 'Of a missing version only: the state that it has again when its image is found',
    }),
    locators: z.array(locatorSchema),
    baseImage: baseImageSchema.optional(),
    connectionId: z.string().optional().meta({ description: 'The connection that it was made with' }),
    toolchain: z.object({
      packer: z.string().optional(),
      runner: z.string().optional(),
      plugins: z
        .record(z.string(), z.string())
        .optional()
        .meta({ description: 'Version of each plugin by its name; Packer 1.6 has its own built in' }),
    }),
    createdAt: timestamp,
    rev: z.int().optional().meta({ description: 'Counts changes of the version; none is 1' }),
  })
  .meta({ id: 'ImageVersion' });
export type ImageVersion = z.infer<typeof imageVersionSchema>;
