import * as z from 'zod';
import { agentSchema } from '../contracts/entities/connector.ts';
import { globalKeys, keys } from './keys.ts';
import type { Item, Table } from './table.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

const agentRowSchema = agentSchema.omit({ status: true }).extend({ connectorId: z.string() });
export type StoredAgent = z.infer<typeof agentRowSchema>;

const openCodeSchema = z.object({ place: z.int(), codeSha256: z.string(), expiresAt: z.int() });

/** Places for open codes: more agents than that are not set up at one moment. */
export const MOST_OPEN_CODES = 10;
const places = Array.from({ length: MOST_OPEN_CODES }, (_, place) => place + 1);

export type NewCode = {
  id: string;
  connectorId: string;
  codeSha256: string;
  createdBy: string;
  /** In seconds since 1970, as the table's time to live wants it. */
  expiresAt: number;
};

/**
 * Agents of connectors, and the codes that agents register with. A code is two rows: one by its SHA-256, which is how
 * an agent finds it, and one of the few places that its connector has for open codes.
 */
export const connectorStore = (table: Table, scope: WorkspaceScope) => ({
  /** Agents of these connectors: one read of all that lies between the first connector and the last. */
  agentsOf: async (connectorIds: string[]): Promise<StoredAgent[]> => {
    const [first, ...others] = connectorIds.toSorted();
    if (first === undefined) return [];
    const rows = await table.query(keys.agentsBetween(scope, first, others.at(-1) ?? first));
    return rows
      .map((row) => agentRowSchema.parse(row))
      .filter((one) => connectorIds.includes(one.connectorId));
  },

  /**
   * The writes that open a code: undefined when every place is taken by a code that is still good. Both are guarded:
   * by the connector, and by the place being free or its code expired.
   */
  openCode: async (code: NewCode, nowSeconds: number): Promise<Write[] | undefined> => {
    const rows = await openCodes(table, scope, code.connectorId);
    const taken = new Map(rows.map((row) => [row.place, row]));
    const place = places.find((one) => (taken.get(one)?.expiresAt ?? 0) <= nowSeconds);
    if (place === undefined) return undefined;
    const expired = taken.get(place);
    const { codeSha256, expiresAt, connectorId } = code;
    const row = { ...code, place, workspaceId: scope.workspaceId };
    return [
      { check: keys.entity(scope, 'connector', connectorId), if: { exists: true } },
      {
        put: {
          ...keys.openCode(scope, connectorId, place),
          row: 'open-code',
          place,
          codeSha256,
          expiresAt,
        },
        if: expired === undefined ? { exists: false } : { equals: { codeSha256: expired.codeSha256 } },
      },
      { put: { ...globalKeys.registrationCode(codeSha256), row: 'registration-code', ...row } },
    ];
  },

  /** The writes that close every open code of a connector; they fail when one is opened meanwhile. */
  closeCodes: async (connectorId: string): Promise<Write[]> => {
    const rows = await openCodes(table, scope, connectorId);
    const taken = new Map(rows.map((row) => [row.place, row]));
    return places.flatMap((place): Write[] => {
      const key = keys.openCode(scope, connectorId, place);
      const row = taken.get(place);
      if (row === undefined) return [{ check: key, if: { exists: false } }];
      return [
        { delete: key, if: { equals: { codeSha256: row.codeSha256 } } },
        { delete: globalKeys.registrationCode(row.codeSha256) },
      ];
    });
  },
});

const openCodes = async (table: Table, scope: WorkspaceScope, connectorId: string) =>
  (await table.query(keys.openCodes(scope, connectorId))).map((row: Item) => openCodeSchema.parse(row));
