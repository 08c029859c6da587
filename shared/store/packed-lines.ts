import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import * as z from 'zod';
import { type LogLine, logLineSchema } from '../contracts/entities/log.ts';

/**
 * Lines of a log as bytes: 22 lines of a package manager take 1.1 KB instead of 4.6 KB as attributes, and a row costs a
 * write unit for each KB (docs/benchmarks.md, "Cost of a run").
 */

/** Of 0 to 11: from 5 on brotli finds little more in so few lines and takes longer, 70 µs for 22 of them. */
const QUALITY = 5;

/** Bytes that Node sets aside for the result at a time; its 16 KB take as long to set aside as three lines to pack. */
const RESULT_BYTES = 4096;

/** Packed as they are, but for their numbers, which follow one another. */
const linesSchema = z.array(logLineSchema.omit({ seq: true }));

/** Lines that follow one another as bytes. */
export const packLines = (lines: LogLine[]): Uint8Array => {
  const text = JSON.stringify(linesSchema.parse(lines));
  const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY };
  return new Uint8Array(brotliCompressSync(text, { params, chunkSize: RESULT_BYTES }));
};

/** The lines again; the first is number `fromSeq`. Throws for bytes that `packLines` did not make. */
export const unpackLines = (packed: Uint8Array, fromSeq: number): LogLine[] => {
  const lines = linesSchema.parse(JSON.parse(brotliDecompressSync(packed).toString()));
  return lines.map((line, place) => ({ seq: fromSeq + place, ...line }));
};
