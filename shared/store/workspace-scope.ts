declare const scoped: unique symbol;

/**
 * Permission to touch the rows of one workspace. No key of tenant data can be built without it. It is made where a
 * caller's membership is checked (before anything is written or answered), or where a message comes from our own
 * queues, streams and workflows.
 */
export type WorkspaceScope = { readonly workspaceId: string; readonly [scoped]: true };

/** Whether a text could be a workspace's id; what could not is never looked up. */
export const isWorkspaceId = (text: string): boolean => /^ws_[0-9A-Z]{26}$/.test(text);

const hasShape = (value: { workspaceId: string }): value is WorkspaceScope =>
  isWorkspaceId(value.workspaceId);

/** The scope of one workspace. Throws when `workspaceId` could not be one, so that no key is ever built from it. */
export const scopeTo = (workspaceId: string): WorkspaceScope => {
  const value = { workspaceId };
  if (!hasShape(value)) throw new Error('not a workspace id');
  return value;
};
