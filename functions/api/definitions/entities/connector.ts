import {
  type ConnectorInput,
  connectorInput,
  connectorSchema,
} from '../../../../shared/contracts/entities/connector.ts';
import { agentStatus } from '../../../../shared/domain/connector/agent-status.ts';
import type { EntityContext, EntityModule } from '../../../../shared/runtime/entities/module.ts';
import { now } from '../../../../shared/runtime/ids.ts';
import { connectorStore, type StoredAgent } from '../../../../shared/store/connector-store.ts';
import type { Item } from '../../../../shared/store/table.ts';

const shown = (item: Item, agents: StoredAgent[], time: string) =>
  connectorSchema.parse({
    ...item,
    agents: agents
      .filter((agent) => agent.connectorId === item['id'])
      .map((agent) => ({ ...agent, status: agentStatus(agent.lastSeenAt, time) })),
  });

const presentAll = async (items: Item[], { table, scope }: EntityContext) => {
  const agents = await connectorStore(table, scope).agentsOf(items.map((item) => String(item['id'])));
  const time = now();
  return items.map((item) => shown(item, agents, time));
};

/** A pool of agents at one site. Its open registration codes go with it. */
export const connector: EntityModule<ConnectorInput> = {
  kind: 'connector',
  input: connectorInput,
  references: () => [],
  present: async (item, context) => (await presentAll([item], context))[0],
  presentAll,
  withDelete: (item, { table, scope }) => connectorStore(table, scope).closeCodes(String(item['id'])),
};
