import * as z from 'zod';

/** Which image version an event speaks of. */
export const imageVersionSubject = {
  workspaceId: z.string(),
  imageVersionId: z.string(),
  imageDefinitionId: z.string(),
  runId: z.string(),
  name: z.string(),
  number: z.int(),
  /** Of two events of one image version the one with the higher `rev` is the newer. */
  rev: z.int(),
};
