import * as z from 'zod';
import { amazonEbsBuilderStored } from './entities/builder-configuration.ts';
import { awsConnectionStored } from './entities/connection.ts';
import { imageDefinitionStored } from './entities/image-definition.ts';
import { operatingSystemSchema } from './entities/operating-system.ts';
import { runnableStored } from './entities/provisioner.ts';

/** One step of a run: a provisioner at its place, with the environment that is in force there. */
export const snapshotStepSchema = z.object({
  index: z.int().min(1),
  groupId: z.string(),
  groupName: z.string(),
  provisioner: runnableStored,
  /** Merged: definition over group item over provisioner, so it may hold more variables than each of them. */
  environment: z.record(z.string(), z.string()),
});
export type SnapshotStep = z.infer<typeof snapshotStepSchema>;

/**
 * All that a run uses, as it was when the run was created; secrets are ciphertexts. It holds what the compiler can
 * carry out and nothing else: what cannot be run is refused before there is a snapshot.
 */
export const runSnapshotSchema = z.object({
  schemaVersion: z.literal(1),
  workspaceId: z.string(),
  definition: imageDefinitionStored,
  operatingSystem: operatingSystemSchema,
  builderConfiguration: amazonEbsBuilderStored,
  connection: awsConnectionStored,
  role: z.object({ id: z.string(), name: z.string() }),
  steps: z.array(snapshotStepSchema),
});
export type RunSnapshot = z.infer<typeof runSnapshotSchema>;
