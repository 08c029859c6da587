import { templateQuery, templateSchema } from '../entities/template.ts';
import { inWorkspace, type Route } from './route.ts';

const definition = `${inWorkspace}/image-definitions/{imageDefinitionId}` as const;

/** What looks at customers' platforms, and at what is given to Packer. */
export const platformRoutes = {
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
} as const satisfies Record<string, Route>;
