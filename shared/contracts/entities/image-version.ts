import * as z from 'zod';
import { idOf, timestamp } from '../common.ts';
import { awsLocator } from '../platforms/aws.ts';
import { readable } from '../readable.ts';

/** Where an image is, in the terms of its platform; one member a platform. */
export const locatorSchema = z.object(readable(awsLocator.shape));
export type Locator = z.infer<typeof locatorSchema>;

/** The exact base image a run started from. */
export const baseImageSchema = z.object({
  id: z.string(),
  name: z.string().optional(),
  createdAt: z.string().optional(),
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
    locators: z.array(locatorSchema),
    baseImage: baseImageSchema.optional(),
    toolchain: z.object({ packer: z.string().optional(), runner: z.string().optional() }),
    createdAt: timestamp,
  })
  .meta({ id: 'ImageVersion' });
export type ImageVersion = z.infer<typeof imageVersionSchema>;
