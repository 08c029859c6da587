import * as z from 'zod';
import { builderConfigurationStored } from './entities/builder-configuration.ts';
import { connectionStored } from './entities/connection.ts';
import { imageDefinitionStored } from './entities/image-definition.ts';
import { locatorSchema } from './entities/image-version.ts';
import { operatingSystemSchema } from './entities/operating-system.ts';
import { provisionerStored } from './entities/provisioner.ts';

/** One step of a run: a provisioner at its place, with the environment that is in force there. */
export const snapshotStepSchema = z.object({
  index: z.int().min(1),
  groupId: z.string(),
  groupName: z.string(),
  provisioner: provisionerStored,
  /** Merged: definition over group item over provisioner, so it may hold more variables than each of them. */
  environment: z.record(z.string(), z.string()),
});
export type SnapshotStep = z.infer<typeof snapshotStepSchema>;

/** An uploaded file that a run uses, in the version that it uses. */
export const snapshotFileSchema = z.object({
  resourceId: z.string(),
  name: z.string(),
  version: z.int(),
  fileName: z.string(),
  sizeBytes: z.int(),
  sha256: z.string(),
  /** S3's id of the bytes: they are found also when the resource was deleted a moment ago. */
  objectVersion: z.string().optional(),
});
export type SnapshotFile = z.infer<typeof snapshotFileSchema>;

/** The image version that a run starts from, where its operating system is another definition's image. */
export const snapshotLayerSchema = z.object({
  imageDefinitionId: z.string(),
  imageVersionId: z.string(),
  name: z.string(),
  createdAt: z.string(),
  locators: z.array(locatorSchema),
});
export type SnapshotLayer = z.infer<typeof snapshotLayerSchema>;

/** All that a run uses, as it was when the run was created; secrets are ciphertexts. */
export const runSnapshotSchema = z.object({
  schemaVersion: z.literal(1),
  workspaceId: z.string(),
  definition: imageDefinitionStored,
  operatingSystem: operatingSystemSchema,
  builderConfiguration: builderConfigurationStored,
  connection: connectionStored,
  role: z.object({ id: z.string(), name: z.string() }),
  steps: z.array(snapshotStepSchema),
  /** Files of steps and of an unattended installation, each resource and version once. */
  files: z.array(snapshotFileSchema).default([]),
  layer: snapshotLayerSchema.optional(),
});
export type RunSnapshot = z.infer<typeof runSnapshotSchema>;
