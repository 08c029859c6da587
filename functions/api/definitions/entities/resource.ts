import {
  type ResourceInput,
  resourceInput,
  resourceSchema,
  resourceStored,
} from '../../../../shared/contracts/entities/resource.ts';
import {
  currentVersion,
  firstVersion,
  shownVersion,
  stateOf,
} from '../../../../shared/domain/resource/versions.ts';
import type { EntityModule, Given } from '../../../../shared/runtime/entities/module.ts';
import { now } from '../../../../shared/runtime/ids.ts';
import type { Item } from '../../../../shared/store/table.ts';

const described = ({ name, description, tags }: ResourceInput) => ({ name, description, tags });

/** A change touches what describes the file; versions come and are completed by operations of their own. */
const store = async (
  input: ResourceInput,
  given: Given,
  _context: unknown,
  current?: Item,
): Promise<Item> => ({
  ...(current ?? { versions: [firstVersion(input, given)], lastVersion: 1 }),
  ...described(input),
  ...given,
});

const editable = async (item: Item): Promise<Record<string, unknown>> => {
  const { name, description, tags, versions } = resourceStored.parse(item);
  const { fileName, sizeBytes, sha256 } = shownVersion(versions);
  return { name, description, tags, fileName, sizeBytes, sha256 };
};

/** The answer for a row: what the current version is, or the announced one while there is none. */
export const presentResource = (item: Item) => {
  const stored = resourceStored.parse(item);
  const time = now();
  const shown = shownVersion(stored.versions);
  return resourceSchema.parse({
    ...stored,
    fileName: shown.fileName,
    sizeBytes: shown.sizeBytes,
    sha256: shown.sha256,
    state: stateOf(shown, time),
    currentVersion: currentVersion(stored.versions)?.version,
    versions: stored.versions.map((version) => ({ ...version, state: stateOf(version, time) })),
  });
};

/** An uploaded file with its versions. */
export const resource: EntityModule<ResourceInput> = {
  kind: 'resource',
  input: resourceInput,
  references: () => [],
  store,
  editable,
  present: presentResource,
};
