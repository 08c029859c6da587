import * as z from 'zod';
import { listQuery } from '../common.ts';
import { connectorInput, connectorSchema, registrationCodeSchema } from '../entities/connector.ts';
import { entityRoutes } from './entity-routes.ts';
import type { Route } from './route.ts';

const connectors = entityRoutes({
  path: 'connectors',
  patch: 'ConnectorPatch',
  noun: 'a connector',
  input: connectorInput,
  output: connectorSchema,
  query: listQuery,
});

/** Pools of agents at customers' sites, and the codes that agents register with. */
export const connectorRoutes = {
  createConnector: connectors.create,
  listConnectors: connectors.list,
  readConnector: connectors.read,
  changeConnector: connectors.change,
  deleteConnector: connectors.remove,
  createRegistrationCode: {
    method: 'POST',
    path: `${connectors.read.path}/registration-codes`,
    area: 'definitions',
    role: 'editor',
    summary: 'A code that registers one agent, once, within 30 minutes; at most ten are open at a time',
    body: z.strictObject({}).default({}),
    status: 201,
    response: registrationCodeSchema,
  },
} as const satisfies Record<string, Route>;
