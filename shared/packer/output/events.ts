import { type MachineLine, readMachineLine } from './machine-line.ts';

/** What one line of Packer's output means, the same for 1.6.6 and later. */
export type PackerEvent =
  | { kind: 'ui'; voice: 'say' | 'message' | 'error'; data: string }
  | { kind: 'artifact'; target: string; index: number; field: string; value: string }
  | { kind: 'error-count'; count: number }
  | { kind: 'version'; version: string }
  /** A machine-readable line that nobody here needs; what it says for people comes as `ui` too. */
  | { kind: 'other'; type: string }
  /** Not machine-readable at all. */
  | { kind: 'plain'; text: string };

/** Reads one line of the output of `packer -machine-readable`, without its line end. */
export const readPackerLine = (line: string): PackerEvent => {
  const parsed = readMachineLine(line);
  if (parsed === undefined) return { kind: 'plain', text: line };
  return readers.get(parsed.type)?.(parsed) ?? { kind: 'other', type: parsed.type };
};

type Reader = (line: MachineLine) => PackerEvent | undefined;

const readUi: Reader = ({ data: [voice, ...rest] }) => {
  if (voice !== 'say' && voice !== 'message' && voice !== 'error') return undefined;
  // Commas of the text are escaped, so more than one field is not Packer's doing; nothing is lost all the same.
  return { kind: 'ui', voice, data: rest.join(',') };
};

const readArtifact: Reader = ({ target, data: [index, field, ...rest] }) => {
  if (index === undefined || field === undefined || !/^\d{1,6}$/.test(index)) return undefined;
  return { kind: 'artifact', target, index: Number(index), field, value: rest.join(',') };
};

const readErrorCount: Reader = ({ data: [count = ''] }) =>
  /^\d{1,6}$/.test(count) ? { kind: 'error-count', count: Number(count) } : undefined;

const readVersion: Reader = ({ data: [version = ''] }) =>
  version === '' ? undefined : { kind: 'version', version };

const readers = new Map<string, Reader>([
  ['ui', readUi],
  ['artifact', readArtifact],
  ['error-count', readErrorCount],
  ['version', readVersion],
]);
