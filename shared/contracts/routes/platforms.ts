import * as z from 'zod';
import { listQuery, pageOf } from '../common.ts';
import { checkListSchema } from '../entities/check.ts';
import { imageVersionSchema } from '../entities/image-version.ts';
import { shareInput, shareSchema } from '../entities/share.ts';
import { vmAccessSchema } from '../entities/vm-access.ts';
import { templateQuery, templateSchema } from '../entities/template.ts';
import { inWorkspace, type Route } from './route.ts';

const definition = `${inWorkspace}/image-definitions/{imageDefinitionId}` as const;
const shares = `${inWorkspace}/image-versions/{imageVersionId}/shares` as const;
const emptyBody = z.strictObject({}).default({});
const pageQuery = listQuery.pick({ limit: true, cursor: true });

/** What looks at customers' platforms, at what is given to Packer, and opens what only it may open. */
export const platformRoutes = {
  verifyConnection: {
    method: 'POST',
    path: `${inWorkspace}/connections/{id}/verify`,
    area: 'platforms',
    role: 'operator',
    summary: 'Whether the connection lets builds in, and what they would lack',
    body: emptyBody,
    status: 200,
    response: checkListSchema,
  },
  preflight: {
    method: 'POST',
    path: `${definition}/preflight`,
    area: 'platforms',
    role: 'operator',
    summary: 'Whether a run that starts now would work: the checks that each run begins with',
    body: emptyBody,
    status: 200,
    response: checkListSchema,
  },
  readTemplate: {
    method: 'GET',
    path: `${definition}/template`,
    area: 'platforms',
    role: 'viewer',
    summary: 'Everything that a run would give to Packer now, for a Packer of your own',
    query: templateQuery,
    status: 200,
    response: templateSchema,
  },
  readRunTemplate: {
    method: 'GET',
    path: `${inWorkspace}/runs/{runId}/template`,
    area: 'platforms',
    role: 'viewer',
    summary: 'What the run gave to Packer',
    status: 200,
    response: templateSchema,
  },
  readLatestImageVersion: {
    method: 'GET',
    path: `${definition}/image-versions/latest`,
    area: 'platforms',
    role: 'viewer',
    summary:
      'The newest image version of the definition that can be used: `available` or `deprecated` and, where the platform can be asked, still there',
    status: 200,
    response: imageVersionSchema,
  },
  giveVmAccess: {
    method: 'POST',
    path: `${inWorkspace}/runs/{runId}/vm-access`,
    area: 'platforms',
    role: 'operator',
    summary: 'How to log in to the build VM that the stopped run left; told once',
    body: emptyBody,
    status: 200,
    response: vmAccessSchema,
  },
  createShare: {
    method: 'POST',
    path: shares,
    area: 'platforms',
    role: 'editor',
    summary: 'Let an account, an organization or a unit of one use the image in a region',
    body: shareInput,
    status: 201,
    response: shareSchema,
    otherAnswers: [{ status: 200, summary: 'It was shared with them already', response: shareSchema }],
  },
  listShares: {
    method: 'GET',
    path: shares,
    area: 'platforms',
    role: 'viewer',
    summary: 'Who may use the image, newest first',
    query: pageQuery,
    status: 200,
    response: pageOf(shareSchema),
  },
  deleteShare: {
    method: 'DELETE',
    path: `${shares}/{shareId}`,
    area: 'platforms',
    role: 'editor',
    summary: 'Take back that somebody may use the image',
    status: 204,
  },
} as const satisfies Record<string, Route>;
