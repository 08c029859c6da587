import * as z from 'zod';
import { type ImageVersion, imageVersionSchema } from '../contracts/entities/image-version.ts';
import { keys } from './keys.ts';
import type { Item, Table } from './table.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

const pointerSchema = z.object({ versionId: z.string() });
const idOf = (row: Item): string => pointerSchema.parse(row).versionId;

const getAll = async (table: Table, scope: WorkspaceScope, ids: string[]): Promise<ImageVersion[]> => {
  const items = await table.getAll(ids.map((id) => keys.imageVersion(scope, id)));
  return items.map((item) => imageVersionSchema.parse(item));
};

/** States in which an image is there and may be used; a deprecated one still works. */
const USABLE = new Set<ImageVersion['state']>(['available', 'deprecated']);
/** How many versions are read at a time to find a usable one: nearly always it is the first, and nobody reads all. */
const LOOKS = [1, 49, 450];

const latestUsable = async (
  table: Table,
  scope: WorkspaceScope,
  definitionId: string,
): Promise<ImageVersion | undefined> => {
  let before: number | undefined;
  for (const limit of LOOKS) {
    const page = await listOfDefinition(table, scope, definitionId, { before, limit });
    const usable = page.find(({ state }) => USABLE.has(state));
    if (usable !== undefined) return usable;
    before = page.at(-1)?.number;
    if (before === undefined) return undefined;
  }
  return undefined;
};

type NumberPage = { before?: number | undefined; limit: number };

const listOfDefinition = async (
  table: Table,
  scope: WorkspaceScope,
  definitionId: string,
  page: NumberPage,
): Promise<ImageVersion[]> => {
  const before =
    page.before === undefined ? undefined : keys.versionOfDefinition(scope, definitionId, page.before).sk;
  const range = {
    ...keys.versionsOfDefinition(scope, definitionId),
    before,
    newestFirst: true,
    limit: page.limit,
  };
  return getAll(table, scope, (await table.query(range)).map(idOf));
};

/** What succeeded runs of one workspace made. */
export const imageVersionStore = (table: Table, scope: WorkspaceScope) => ({
  get: async (id: string): Promise<ImageVersion | undefined> => (await getAll(table, scope, [id]))[0],

  /** Highest number first; `before` is the number that the page before ended with. */
  listOfDefinition: (definitionId: string, page: NumberPage) =>
    listOfDefinition(table, scope, definitionId, page),

  /** All of the workspace, in the order of their ids, as they are read. */
  pages: async function* (): AsyncGenerator<ImageVersion[]> {
    for await (const page of table.pages(keys.imageVersions(scope)))
      yield page.map((item) => imageVersionSchema.parse(item));
  },

  /** Gives a version another state. Throws WriteRefused when it has changed since it was read. */
  setState: (
    version: ImageVersion,
    { state, stateWhenFound }: Pick<ImageVersion, 'state' | 'stateWhenFound'>,
  ): Promise<void> =>
    table.write([
      {
        update: keys.imageVersion(scope, version.id),
        set: { state, stateWhenFound, rev: (version.rev ?? 1) + 1 },
        ...(stateWhenFound === undefined ? { remove: ['stateWhenFound'] } : {}),
        if: { exists: true, equals: { state: version.state } },
      },
    ]),

  /** The newest version that can be used, of the newest 500: available or deprecated. */
  latestUsable: (definitionId: string) => latestUsable(table, scope, definitionId),
});

/** Writes that record a new image version. */
export const recordImageVersion = (scope: WorkspaceScope, version: ImageVersion): Write[] => [
  {
    put: { ...keys.imageVersion(scope, version.id), row: 'image-version', ...version },
    if: { exists: false },
  },
  {
    put: {
      ...keys.versionOfDefinition(scope, version.imageDefinitionId, version.number),
      row: 'image-version-pointer',
      versionId: version.id,
    },
  },
];
