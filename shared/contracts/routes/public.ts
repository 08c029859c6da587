import * as z from 'zod';
import { platformListSchema } from '../entities/platform.ts';
import { sysprepScriptListSchema } from '../entities/sysprep-script.ts';
import { errorCatalogueSchema } from '../error-catalogue.ts';
import type { Route } from './route.ts';

const healthSchema = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' });

/** What needs no token and tells nothing of anybody. */
export const publicRoutes = {
  getHealth: {
    method: 'GET',
    path: '/v1/health',
    area: 'public',
    role: 'public',
    summary: 'Is the API up',
    status: 200,
    response: healthSchema,
  },
  getOpenApi: {
    method: 'GET',
    path: '/v1/openapi.json',
    area: 'public',
    role: 'public',
    summary: 'This document',
    status: 200,
    response: z.looseObject({ openapi: z.string() }),
  },
  getErrorCatalogue: {
    method: 'GET',
    path: '/v1/error-catalogue',
    area: 'public',
    role: 'public',
    summary: 'Every reason a run can fail for, with its remedy',
    status: 200,
    response: errorCatalogueSchema,
  },
  listPlatforms: {
    method: 'GET',
    path: '/v1/platforms',
    area: 'public',
    role: 'public',
    summary:
      'Platforms and builder types, with the JSON Schema of the settings of each connection and builder',
    status: 200,
    response: platformListSchema,
  },
  listSysprepScripts: {
    method: 'GET',
    path: '/v1/sysprep-scripts',
    area: 'public',
    role: 'public',
    summary:
      'What makes Windows ready to become an image: the scripts that run by themselves, and the example',
    status: 200,
    response: sysprepScriptListSchema,
  },
  readSysprepScript: {
    method: 'GET',
    path: '/v1/sysprep-scripts/{scriptId}',
    area: 'public',
    role: 'public',
    summary: 'The PowerShell text of one of them, byte for byte as it runs',
    status: 200,
    contentType: 'text/plain',
    response: z.string(),
  },
} as const satisfies Record<string, Route>;
