import * as z from 'zod';
import { kindOfId } from '../contracts/common.ts';
import { entityStore } from '../store/entity-store.ts';
import type { SocketOwner } from '../store/socket-store.ts';
import { scopeTo } from '../store/workspace-scope.ts';
import { workspaceStore } from '../store/workspace-store.ts';
import type { Engine } from './engine.ts';

const tokenSchema = z.object({ expiresAt: z.string() });

/** Whether who opened a connection may still listen in its workspace: as a member, or by a token that is still good. */
export const isWelcome = async (
  { core, now }: Pick<Engine, 'core' | 'now'>,
  { workspaceId, principalId }: SocketOwner,
): Promise<boolean> => {
  const workspaces = workspaceStore(core);
  if (kindOfId(principalId) !== 'api-token')
    return (await workspaces.roleOf(principalId, workspaceId)) !== undefined;
  const [isThere, token] = await Promise.all([
    workspaces.isThere(workspaceId),
    entityStore(core, scopeTo(workspaceId)).get('api-token', principalId),
  ]);
  return isThere && token !== undefined && tokenSchema.parse(token).expiresAt > now();
};
