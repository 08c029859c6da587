import type { PackerArtifact } from '../../contracts/agent-protocol.ts';
import type { PackerEvent } from './events.ts';
import { artifactText } from './ui-text.ts';

/** Gathers the artifacts of a build from its events, in the order in which Packer names them. */
export const createArtifactCollector = () => {
  const found = new Map<string, PackerArtifact>();
  return {
    add: (event: PackerEvent): void => {
      if (event.kind !== 'artifact') return;
      const key = `${event.target}#${event.index}`;
      const artifact = found.get(key) ?? { builderId: '', id: '', description: '' };
      found.set(key, { ...artifact, ...readField(event.field, event.value) });
    },
    /**
     * Artifacts that have an id. A post-processor that only notes what was built (`manifest`) makes Packer list the
     * builder's artifact again: equal ones are given once.
     */
    list: (): PackerArtifact[] => {
      const named = [...found.values()].filter(({ id }) => id !== '');
      return named.filter(
        (one, at) =>
          named.findIndex((other) => other.builderId === one.builderId && other.id === one.id) === at,
      );
    },
  };
};

const readField = (field: string, value: string): Partial<PackerArtifact> => {
  if (field === 'builder-id') return { builderId: value };
  if (field === 'id') return { id: value };
  if (field === 'string') return { description: artifactText(value) };
  return {};
};
