import * as z from 'zod';
import {
  entityBase,
  entityInput,
  idOf,
  timestamp,
  timestampInput,
} from '../common.ts';

/** Each role includes the ones before it. */
export const roles = ['viewer', 'operator', 'editor', 'owner'] as const;
export const roleSchema = z.enum(roles);
export type Role = z.infer<typeof roleSchema>;

export const workspaceInput = z
  .strictObject({
    ...entityInput,
    maxConcurrentRuns: z.int().min(1).max(1000).optional(),
  })
  .meta({ id: 'WorkspaceInput' });

/** The tenant: everything but people lives in one. */
export const workspaceSchema = z
  .object({
    ...entityBase('workspace'),
    maxConcurrentRuns: z.int(),
  })
  .meta({ id: 'Workspace' });
export type Workspace = z.infer<typeof workspaceSchema>;

/** Who is asking: a person with their workspaces, or a token of one workspace. */
export const meSchema = z
  .object({
    kind: z.enum(['user', 'api-token']),
    id: z.string(),
    name: z.string(),
    workspaces: z.array(z.object({ id: idOf('workspace'), name: z.string(), role: roleSchema })),
  })
  .meta({ id: 'Me' });

export const apiTokenInput = z
  .strictObject({ ...entityInput, role: roleSchema, expiresAt: timestampInput })
  .meta({ id: 'ApiTokenInput' });
export type ApiTokenInput = z.output<typeof apiTokenInput>;
export const apiTokenSchema = z
  .object({
    ...entityBase('api-token'),
    role: roleSchema,
    expiresAt: timestamp,
    lastUsedAt: timestamp.optional(),
  })
  .meta({ id: 'ApiToken' });
export type ApiToken = z.infer<typeof apiTokenSchema>;

/** The answer to a create: the only time that the secret is shown. */
export const createdApiTokenSchema = apiTokenSchema
  .extend({ secret: z.string() })
  .meta({ id: 'CreatedApiToken' });

export const socketTicketSchema = z
  .object({ url: z.string(), ticket: z.string(), expiresAt: timestamp })
  .meta({ id: 'SocketTicket' });
