import * as z from 'zod';
import { entityBase, entityInput, idOf, timestamp } from '../common.ts';

/** A pool of agents at one site, for platforms and networks that the cloud does not reach. */
export const connectorInput = z
  .strictObject({
    ...entityInput,
    maxConcurrentRuns: z
      .int()
      .min(1)
      .max(100)
      .default(1)
      .meta({ description: 'Most runs at a time over all its agents' }),
  })
  .meta({ id: 'ConnectorInput' });
export type ConnectorInput = z.output<typeof connectorInput>;

/** A program at the site that carries out runs; it makes itself known, nobody creates it here. */
export const agentSchema = z.object({
  id: idOf('agent'),
  hostname: z.string(),
  version: z.string(),
  platforms: z.array(z.string()),
  status: z.enum(['online', 'offline']),
  lastSeenAt: timestamp,
});
export type Agent = z.infer<typeof agentSchema>;

export const connectorSchema = z
  .object({
    ...entityBase('connector'),
    maxConcurrentRuns: z.int(),
    agents: z.array(agentSchema),
  })
  .meta({ id: 'Connector' });

/** The answer to a new code: the only time that it is shown. */
export const registrationCodeSchema = z
  .object({
    id: idOf('registration-code'),
    code: z.string().meta({ description: 'gsr_ and 43 characters; registers one agent, once' }),
    expiresAt: timestamp,
  })
  .meta({ id: 'RegistrationCode' });
