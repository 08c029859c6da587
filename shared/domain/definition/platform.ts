import type { FieldError } from '../../contracts/problem.ts';

/**
 * The platform of a connection or builder configuration never changes: what uses it was fitted to it. `current` is the
 * row before a change.
 */
export const samePlatform = (
  noun: string,
  input: { platform: string },
  current: Record<string, unknown> | undefined,
): FieldError[] => {
  if (current === undefined || current['platform'] === input.platform) return [];
  const detail = `stays ${String(current['platform'])}: make another ${noun}`;
  return [{ pointer: '/platform', code: 'immutable', detail }];
};
