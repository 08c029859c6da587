import {
  MAX_ARTIFACT_FILES,
  MAX_ARTIFACT_PATH,
  type PackerArtifact,
} from '../../contracts/agent-protocol.ts';
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
      found.set(key, { ...artifact, ...readField(event, artifact) });
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

type Field = Pick<Extract<PackerEvent, { kind: 'artifact' }>, 'field' | 'value'>;

const readField = ({ field, value }: Field, { files = [] }: PackerArtifact): Partial<PackerArtifact> => {
  if (field === 'builder-id') return { builderId: value };
  if (field === 'id') return { id: value };
  if (field === 'string') return { description: artifactText(value) };
  if (field === 'file') return addFile(files, value);
  return {};
};

/** A file comes after its place: `0,images/Web-Base-v7`. */
const addFile = (files: string[], value: string): Partial<PackerArtifact> => {
  const path = /^\d{1,6},(.+)$/s.exec(value)?.[1];
  if (path === undefined || path.length > MAX_ARTIFACT_PATH || files.length >= MAX_ARTIFACT_FILES) return {};
  return { files: [...files, path] };
};
