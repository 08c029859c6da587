import * as z from 'zod';

/** A row of the core table as the stream shows it; `row` tells its kind. */
export const rowSchema = z.looseObject({ row: z.string().optional() });
type Row = z.infer<typeof rowSchema>;

/** A row before and after one write; one of the two is missing when it was put or deleted. */
export type RowChange = { before: Row | undefined; after: Row | undefined };
