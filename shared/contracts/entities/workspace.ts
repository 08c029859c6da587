import * as z from 'zod';
import { entityBase, entityInput, idOf, timestamp, timestampInput } from '../common.ts';

/** Each role includes the ones before it. */
export const roles = ['viewer', 'operator', 'editor', 'owner'] as const;
export const roleSchema = z.enum(roles);
export type Role = z.infer<typeof roleSchema>;

export const workspaceInput = z
  .strictObject({
    ...entityInput,
    maxConcurrentRuns: z.int().min(1).max(1000).optional().meta({
      description: 'Runs at one time; what the deployment says when it is left out, or null in a change',
    }),
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

/**
 * The id of a person as a path names it: the `sub` of their access token, which `GET /v1/me` tells them. Cognito makes
 * UUIDs of it; other pools may use names, in characters that keys and addresses leave alone.
 */
export const userIdSchema = z.string().regex(/^[A-Za-z0-9][\w.~-]{0,127}$/, 'is no id of a person');

export const memberInput = z.strictObject({ role: roleSchema }).meta({ id: 'MemberInput' });

/** A person in a workspace. `createdAt` is when they came. */
export const memberSchema = z
  .object({
    userId: z.string(),
    name: z
      .string()
      .optional()
      .meta({ description: 'As the person is called in the user pool, where that is known' }),
    role: roleSchema,
    createdAt: timestamp,
    createdBy: z.string(),
    updatedAt: timestamp,
    rev: z.int().min(1),
  })
  .meta({ id: 'Member' });
export type Member = z.infer<typeof memberSchema>;

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
