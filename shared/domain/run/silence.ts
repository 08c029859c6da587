import { DEFAULT_SILENCE, type SilenceLimits } from '../../contracts/agent-protocol.ts';
import type { ImageDefinition } from '../../contracts/entities/image-definition.ts';

/**
 * How long a build may say nothing: as its definition says, else six hours. What comes first is the warning, half way
 * at the latest.
 */
export const silenceLimits = ({
  silenceTimeoutSeconds: endAfterSeconds = DEFAULT_SILENCE.endAfterSeconds,
}: Pick<ImageDefinition, 'silenceTimeoutSeconds'>): SilenceLimits => ({
  warnAfterSeconds: Math.min(DEFAULT_SILENCE.warnAfterSeconds, endAfterSeconds / 2),
  endAfterSeconds,
});
