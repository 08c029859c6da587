/** A Lambda answers 6 MB at most; a page ends before, and always has one item. */
const MAX_PAGE_BYTES = 4_000_000;

/** What was looked at so far, wanted or not. */
export type LookedAt = { count: number; bytes: number };

export type PageSource<T> = {
  /** What there is, in the order of the list, step by step as it is read. */
  steps: AsyncIterable<T[]>;
  /** Those of a step that are wanted, the very same objects. */
  select: (found: T[]) => T[] | Promise<T[]>;
  positionOf: (item: T) => string;
  /** Whether enough was looked at: the page ends here, short or empty, and its cursor leads on. */
  isSpent: (lookedAt: LookedAt) => boolean;
};

const sizeOf = (item: unknown): number => Buffer.byteLength(JSON.stringify(item));

/** The items of a page, and the position of the last one looked at when there may be more behind it. */
export const fillPage = async <T>(
  limit: number,
  { steps, select, positionOf, isSpent }: PageSource<T>,
): Promise<{ items: T[]; stoppedAt?: string }> => {
  const items: T[] = [];
  const lookedAt = { count: 0, bytes: 0 };
  let bytes = 0;
  let last: string | undefined;
  for await (const found of steps) {
    const wanted = new Set(await select(found));
    for (const item of found) {
      const size = sizeOf(item);
      const isWanted = wanted.has(item);
      const isFull =
        isWanted && items.length > 0 && (items.length === limit || bytes + size > MAX_PAGE_BYTES);
      if (last !== undefined && (isFull || isSpent(lookedAt))) return { items, stoppedAt: last };
      if (isWanted) items.push(item);
      bytes += isWanted ? size : 0;
      lookedAt.count += 1;
      lookedAt.bytes += size;
      last = positionOf(item);
    }
  }
  return { items };
};
