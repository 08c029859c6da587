/** Where an image is, in the terms of each platform; each kind is known by fields that only it has. */
import * as z from 'zod';
import { awsRegion } from './aws.ts';

const role = z.enum(['primary', 'copy']);

/** Where an AMI is. */
export const awsLocator = z.object({
  role,
  region: awsRegion,
  accountId: z.string(),
  amiId: z.string(),
  amiName: z.string(),
});

/** Where a managed image is. */
export const azureManagedLocator = z.object({
  role,
  subscriptionId: z.string(),
  resourceGroup: z.string(),
  imageName: z.string(),
  resourceId: z.string(),
  location: z.string(),
});
/** Where a version of a gallery image is: one version, whatever the number of its regions. */
export const azureGalleryLocator = z.object({
  role,
  subscriptionId: z.string(),
  resourceGroup: z.string(),
  gallery: z.string(),
  definition: z.string(),
  version: z.string(),
  regions: z.array(z.string()),
});

/** Where an image of Compute Engine is. */
export const gcpLocator = z.object({
  role,
  projectId: z.string(),
  imageName: z.string(),
  family: z.string().optional(),
  selfLink: z.string(),
});

/**
 * Where an image of a hypervisor is: a template or library image by its name, or a file or folder by its path. `host` is
 * the management server, or the agent's machine.
 */
export const hostLocator = z.object({
  role,
  host: z.string(),
  path: z.string().optional(),
  templateName: z.string().optional(),
});
