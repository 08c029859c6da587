import * as z from 'zod';

/** Input of the run workflow and of each of its tasks: ids only, everything else is read from the run. */
export const workflowInputSchema = z.object({ workspaceId: z.string(), runId: z.string() });
export type WorkflowInput = z.infer<typeof workflowInputSchema>;

/** Prepare and Verify say where to go; why is in the run. */
export const taskResultSchema = z.object({ next: z.enum(['go-on', 'finish']) });
export type TaskResult = z.infer<typeof taskResultSchema>;

/** Finish is also told which state broke, if one did. */
export const finishInputSchema = workflowInputSchema.extend({
  broken: z.object({ state: z.string(), error: z.string() }).nullish(),
});
export type FinishInput = z.infer<typeof finishInputSchema>;

/** StartBuild gets the task token that ends the Build state. */
export const startBuildInputSchema = workflowInputSchema.extend({ taskToken: z.string() });

/**
 * A wake-up of the dispatcher: one pool has something to do or something free; or a workspace has, in whichever of the
 * pools that its runs are in, except those that are woken anyway.
 */
export const wakeUpSchema = z.union([
  z.object({ poolId: z.string() }),
  z.object({ workspaceId: z.string(), except: z.array(z.string()).default([]) }),
]);
export type WakeUp = z.infer<typeof wakeUpSchema>;

/** The account of a connection is to be looked through for what runs left. */
export const accountSweepSchema = z.object({ workspaceId: z.string(), connectionId: z.string() });
export type AccountSweep = z.infer<typeof accountSweepSchema>;

/** A workspace was deleted: what is in it is to be removed, or to be gone on with. */
export const removalRequestSchema = z.object({ workspaceId: z.string() });
export type RemovalRequest = z.infer<typeof removalRequestSchema>;
