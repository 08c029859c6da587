/**
 * Read and write units of requests to DynamoDB, by the rules of AWS ("Read and write capacity", DynamoDB developer guide,
 * and "Item sizes and formats" there): the emulator tells one unit for any read.
 */
import * as z from 'zod';

type Value = {
  S?: string;
  N?: string;
  B?: string;
  BOOL?: boolean;
  NULL?: boolean;
  SS?: string[];
  NS?: string[];
  BS?: string[];
  L?: Value[];
  M?: Record<string, Value>;
};
const texts = z.array(z.string()).optional();
const valueSchema: z.ZodType<Value> = z.lazy(() =>
  z.object({
    S: z.string().optional(),
    N: z.string().optional(),
    B: z.string().optional(),
    BOOL: z.boolean().optional(),
    NULL: z.boolean().optional(),
    SS: texts,
    NS: texts,
    BS: texts,
    L: z.array(valueSchema).optional(),
    M: z.record(z.string(), valueSchema).optional(),
  }),
);
export const itemSchema = z.record(z.string(), valueSchema);
export type WireItem = z.infer<typeof itemSchema>;

const sum = (sizes: number[]): number => sizes.reduce((all, one) => all + one, 0);

/** Two digits a byte, and one byte. */
const numberSize = (text: string): number => Math.ceil(text.replaceAll(/\D/g, '').length / 2) + 1;
const binarySize = (base64: string): number => Buffer.from(base64, 'base64').length;

const valueSize = ({ S, N, B, SS = [], NS = [], BS = [], L, M }: Value): number => {
  if (S !== undefined) return Buffer.byteLength(S);
  if (N !== undefined) return numberSize(N);
  if (B !== undefined) return binarySize(B);
  // A list and a map have three bytes of their own and one for each member.
  if (L !== undefined) return 3 + L.length + sum(L.map(valueSize));
  if (M !== undefined) return 3 + Object.keys(M).length + itemSize(M);
  const sets = [...SS.map((text) => Buffer.byteLength(text)), ...NS.map(numberSize), ...BS.map(binarySize)];
  return sets.length > 0 ? sum(sets) : 1;
};

/** Bytes of an item with the names of its attributes. */
export const itemSize = (item: WireItem): number =>
  sum(Object.entries(item).map(([name, value]) => Buffer.byteLength(name) + valueSize(value)));

/** A strongly consistent read: one unit for 4 KB, and one for nothing. */
export const readUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 4096));

/** A write in a transaction: two units for 1 KB of the larger of what was there and what is there. */
export const transactionUnits = (bytes: number): number => 2 * Math.max(1, Math.ceil(bytes / 1024));
