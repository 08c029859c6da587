import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { upgraded } from '../../../shared/store/upgrade.ts';

/** A row of the core table as the stream shows it; `row` tells its kind. */
type Row = Record<string, unknown> & { row: string | undefined };

/** A row before and after one write; one of the two is missing when it was put or deleted. */
export type RowChange = { before: Row | undefined; after: Row | undefined };

const kindSchema = z.string().optional();

/** An item as a row. Throws when its kind is no text; at the rest looks whom it concerns. */
export const toRow = (item: Record<string, unknown>): Row => ({
  ...item,
  row: kindSchema.parse(item['row']),
});

const imageSchema = z.custom<Record<string, AttributeValue>>(
  (value) => typeof value === 'object' && value !== null,
);

/** A row in the words of the stream, in the shape that this release knows, whichever release has written it. */
export const rowOf = (image: unknown): Row | undefined => {
  const parsed = imageSchema.safeParse(image);
  return parsed.success ? toRow(upgraded(unmarshall(parsed.data))) : undefined;
};
