import type { Agent } from '../../contracts/entities/connector.ts';

/** An agent that was silent for so long is offline: three of its calls, one every 30 s, got lost. */
const SILENCE_MS = 90_000;

/** Whether an agent can be counted on, by when it was last heard of. Nobody but the clock can say that it is gone. */
export const agentStatus = (lastSeenAt: string, now: string): Agent['status'] =>
  Date.parse(now) - Date.parse(lastSeenAt) <= SILENCE_MS ? 'online' : 'offline';
