import * as z from 'zod';
import { listQuery, pageOf } from '../common.ts';
import { imageVersionSchema } from '../entities/image-version.ts';
import { logPageSchema, logQuery } from '../entities/log.ts';
import { leftoverSchema, runSchema, runStatusSchema } from '../entities/run.ts';
import { inWorkspace, type Route } from './route.ts';

const definition = `${inWorkspace}/image-definitions/{imageDefinitionId}` as const;
const run = `${inWorkspace}/runs/{runId}` as const;
const emptyBody = z.strictObject({}).default({});
const pageQuery = listQuery.pick({ limit: true, cursor: true });

/** The log for people and pipes: `Accept: text/plain`. */
const logText = [
  {
    status: 200,
    summary: 'At most 4 MB of lines, with `Link: rel="next"` where there are more',
    contentType: 'text/plain',
    response: z.string(),
  },
] as const;

const runQuery = pageQuery.extend({
  status: z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(runStatusSchema).max(5))
    .optional(),
  active: z.stringbool().optional(),
});
const leftoverListSchema = z.object({ items: z.array(leftoverSchema) }).meta({ id: 'LeftoverList' });

/** Runs, their logs and leftovers, and the image versions they made. */
export const runRoutes = {
  createRun: {
    method: 'POST',
    path: `${definition}/runs`,
    area: 'runs',
    role: 'operator',
    summary: 'Run the definition: build its next image version',
    body: emptyBody,
    status: 202,
    response: runSchema,
    located: true,
  },
  listDefinitionRuns: {
    method: 'GET',
    path: `${definition}/runs`,
    area: 'runs',
    role: 'viewer',
    summary: 'Runs of the definition, newest first',
    query: pageQuery,
    status: 200,
    response: pageOf(runSchema),
  },
  readLatestLog: {
    method: 'GET',
    path: `${definition}/log`,
    area: 'runs',
    role: 'viewer',
    summary: "The log of the definition's latest run",
    query: logQuery,
    status: 200,
    response: logPageSchema,
    otherAnswers: logText,
  },
  listImageVersions: {
    method: 'GET',
    path: `${definition}/image-versions`,
    area: 'runs',
    role: 'viewer',
    summary: 'Image versions of the definition, newest first',
    query: pageQuery,
    status: 200,
    response: pageOf(imageVersionSchema),
  },
  readImageVersion: {
    method: 'GET',
    path: `${inWorkspace}/image-versions/{imageVersionId}`,
    area: 'runs',
    role: 'viewer',
    summary: 'Read an image version',
    status: 200,
    response: imageVersionSchema,
  },
  listRuns: {
    method: 'GET',
    path: `${inWorkspace}/runs`,
    area: 'runs',
    role: 'viewer',
    summary: 'Runs of all definitions, newest first',
    query: runQuery,
    status: 200,
    response: pageOf(runSchema),
  },
  readRun: {
    method: 'GET',
    path: run,
    area: 'runs',
    role: 'viewer',
    summary: 'Read a run',
    status: 200,
    response: runSchema,
  },
  stopRun: {
    method: 'POST',
    path: `${run}/stop`,
    area: 'runs',
    role: 'operator',
    summary: 'Stop the run; its build VM and temporary files stay',
    body: emptyBody,
    status: 202,
    response: runSchema,
  },
  deleteRun: {
    method: 'DELETE',
    path: run,
    area: 'runs',
    role: 'editor',
    summary:
      'Delete a run that has ended, with its log; its image version stays. What a stopped run left in the account is deleted within days',
    status: 204,
  },
  readLog: {
    method: 'GET',
    path: `${run}/log`,
    area: 'runs',
    role: 'viewer',
    summary: 'The log of a run, live or after its end',
    query: logQuery,
    status: 200,
    response: logPageSchema,
    otherAnswers: logText,
  },
  listLeftovers: {
    method: 'GET',
    path: `${run}/leftovers`,
    area: 'runs',
    role: 'viewer',
    summary: 'What the run left behind',
    status: 200,
    response: leftoverListSchema,
  },
  deleteLeftovers: {
    method: 'DELETE',
    path: `${run}/leftovers`,
    area: 'runs',
    role: 'operator',
    summary: 'Delete what the run left behind; without dryRun=false it only says what it would delete',
    query: z.strictObject({ dryRun: z.stringbool().default(true) }),
    status: 202,
    response: leftoverListSchema,
    otherAnswers: [{ status: 200, summary: 'What would be deleted', response: leftoverListSchema }],
  },
} as const satisfies Record<string, Route>;
