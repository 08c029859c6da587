import * as z from 'zod';
import { globalKeys, type Key, keys, trafficKeys } from './keys.ts';
import type { Item, Table } from './table.ts';
import type { WorkspaceScope } from './workspace-scope.ts';

/** What of a row in a workspace's own partition says which rows elsewhere belong to it. */
const leadSchema = z.object({
  pk: z.string(),
  sk: z.string(),
  status: z.string().optional(),
  runId: z.string().optional(),
  imageDefinitionId: z.string().optional(),
  pool: z.object({ id: z.string() }).optional(),
  trigger: z.object({ type: z.string() }).optional(),
  secretSha256: z.string().optional(),
  codeSha256: z.string().optional(),
});
export type Lead = z.infer<typeof leadSchema> & { kind: string; id: string };

const only = Object.keys(leadSchema.shape);

const leadOf = (item: Item): Lead => {
  const lead = leadSchema.parse(item);
  const [kind = '', ...rest] = lead.sk.split('#');
  return { ...lead, kind, id: rest.join('#') };
};

/** Rows of a workspace's own partition in the order of their keys, after the key `after`. */
export const readLeads = async (
  core: Table,
  scope: WorkspaceScope,
  page: { after: string | undefined; limit: number },
): Promise<Lead[]> => (await core.query({ ...keys.everything(scope), ...page, only })).map(leadOf);

/** Rows and whole partitions that are only found by this one row. */
export type Behind = { rows: Key[]; core: string[]; traffic: string[] };

/**
 * What lies elsewhere and is found by a row of the workspace's partition: it is removed before that row, so that it can
 * be found as long as it is there. Every row outside of that partition must be behind one of its rows.
 */
export const behind = (scope: WorkspaceScope, lead: Lead): Behind => {
  const none = { rows: [], core: [], traffic: [] };
  const [first = '', second = ''] = lead.id.split('#');
  switch (lead.kind) {
    case 'MEMBER':
      return { ...none, rows: [globalKeys.membership(lead.id, scope.workspaceId)] };
    case 'ENTITY':
      return first === 'image-definition'
        ? { ...none, core: [runsOf(scope, second)] }
        : { ...none, rows: lead.secretSha256 === undefined ? [] : [globalKeys.apiToken(lead.secretSha256)] };
    case 'CODE':
      return {
        ...none,
        rows: lead.codeSha256 === undefined ? [] : [globalKeys.registrationCode(lead.codeSha256)],
      };
    case 'LATEST':
      return { ...none, core: [runsOf(scope, first)] };
    case 'COUNTER':
      return first === 'definition' ? { ...none, core: [runsOf(scope, second)] } : none;
    case 'VERSION':
      return { ...none, core: definitionsOf(scope, lead) };
    case 'RUN':
    case 'DELETED-RUN':
      return behindRun(scope, lead);
    default:
      return none;
  }
};

const runsOf = (scope: WorkspaceScope, definitionId: string): string =>
  keys.runsOfDefinition(scope, definitionId).pk;

const definitionsOf = (scope: WorkspaceScope, { imageDefinitionId }: Lead): string[] =>
  imageDefinitionId === undefined ? [] : [runsOf(scope, imageDefinitionId)];

/** Its definition may be gone long ago, with all that else would lead to it. */
const behindRun = (scope: WorkspaceScope, lead: Lead): Behind => {
  const { id: runId, pool } = lead;
  const manual = lead.trigger?.type !== 'schedule';
  return {
    rows: pool === undefined ? [] : [keys.queued(scope, pool.id, { manual, runId })],
    core: [...definitionsOf(scope, lead), keys.leftovers(scope, runId).pk],
    traffic: [trafficKeys.logChunks(scope, runId).pk, trafficKeys.logSubscribers(scope, runId).pk],
  };
};
