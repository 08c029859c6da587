/** Brings a build's source into its folder: nothing, or a zip file from the emulator's S3. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import type { Source } from './build.ts';

export interface SourceOptions {
  source: Source;
  directory: string;
  emulatorEndpoint: string;
  region: string;
  /** Ends the download early. */
  signal: AbortSignal;
}

/** The emulator checks no credentials. */
export const EMULATOR_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/**
 * Fills `directory`, which is created.
 * @throws Error when the object cannot be read, is no zip file, or holds what would leave the folder.
 */
export async function downloadSource(options: SourceOptions): Promise<void> {
  await mkdir(options.directory, { recursive: true });
  if (options.source.type !== 'S3') return;
  const archive = await readObject(options);
  const { unzipSync } = await import('fflate');
  const modes = readModes(archive);
  for (const [name, content] of Object.entries(unzipSync(archive))) {
    if (name.endsWith('/')) continue;
    const path = insidePath(options.directory, name);
    await mkdir(dirname(path), { recursive: true });
    // An archive without modes (made on Windows) gets what a checkout would have.
    await writeFile(path, content, { mode: modes.get(name) || 0o644 });
  }
}

async function readObject(options: SourceOptions): Promise<Uint8Array> {
  const [bucket, ...rest] = (options.source.location ?? '').split('/');
  // Loaded here, because it takes longer than the stand-in's whole start.
  const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({
    endpoint: options.emulatorEndpoint,
    region: options.region,
    credentials: EMULATOR_CREDENTIALS,
    forcePathStyle: true,
  });
  try {
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: rest.join('/') }), {
      abortSignal: options.signal,
    });
    return (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
  } finally {
    client.destroy();
  }
}

function insidePath(directory: string, name: string): string {
  const normal = normalize(name);
  if (isAbsolute(normal) || normal.startsWith('..')) throw new Error(`The archive names "${name}"`);
  return join(directory, normal);
}

/**
 * Permission bits of the files in a zip archive, by name; fflate gives contents only. Read from the central
 * directory (APPNOTE.TXT 4.3.12): the upper half of the external attributes is the Unix mode.
 */
export function readModes(archive: Uint8Array): Map<string, number> {
  const modes = new Map<string, number>();
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const decoder = new TextDecoder();
  let at = findDirectory(view);
  while (at + 46 <= view.byteLength && view.getUint32(at, true) === 0x02014b50) {
    const nameLength = view.getUint16(at + 28, true);
    const name = decoder.decode(archive.subarray(at + 46, at + 46 + nameLength));
    modes.set(name, (view.getUint32(at + 38, true) >>> 16) & 0o777);
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return modes;
}

/** Where the central directory begins: said by the end record, within the last 64 KB. */
function findDirectory(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 65_557); at -= 1) {
    if (view.getUint32(at, true) === 0x06054b50) return view.getUint32(at + 16, true);
  }
  return view.byteLength;
}
