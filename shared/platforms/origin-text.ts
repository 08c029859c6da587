import type { RunIdentity } from './platform.ts';

/** What ties an image to its run, by the names that the clouds have as tags. */
export const originOf = (run: RunIdentity): Record<string, string> => ({
  deployment: run.deploymentId,
  workspace: run.workspaceId,
  definition: run.definitionId,
  run: run.runId,
});

/**
 * The text on a machine of a hypervisor that has no tags of its own to be found by: what the user wrote, then where the
 * machine comes from, then `tags` that cannot be put on it in any other way. It reads well as plain text and as Markdown.
 */
export const originText = (
  written: string | undefined,
  run: RunIdentity,
  tags: Record<string, string> = {},
): string => {
  const origin = Object.entries(originOf(run)).map(([key, value]) => [`goldsmith:${key}`, value] as const);
  const lines = [...Object.entries(tags), ...origin].map(([key, value]) => `- ${key}: ${value}`);
  return [...(written === undefined ? [] : [written, '']), 'Made by Goldsmith:', '', ...lines].join('\n');
};
