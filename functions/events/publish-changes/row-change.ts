import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { upgraded } from '../../../shared/store/upgrade.ts';

/** A row of the core table as the stream shows it; `row` tells its kind. */
export const rowSchema = z.looseObject({ row: z.string().optional() });
type Row = z.infer<typeof rowSchema>;

/** A row before and after one write; one of the two is missing when it was put or deleted. */
export type RowChange = { before: Row | undefined; after: Row | undefined };

const imageSchema = z.custom<Record<string, AttributeValue>>(
  (value) => typeof value === 'object' && value !== null,
);

/** A row in the words of the stream, in the shape that this release knows, whichever release has written it. */
export const rowOf = (image: unknown): Row | undefined => {
  const parsed = imageSchema.safeParse(image);
  return parsed.success ? rowSchema.parse(upgraded(unmarshall(parsed.data))) : undefined;
};
