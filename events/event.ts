import type * as z from 'zod';

/** Source of every event that we put on the bus. */
export const SOURCE = 'goldsmith';

/** An event as the bus takes it. */
export type BusEvent = { Source: string; DetailType: string; Detail: string };

/** Something that is told to the outside: one module each, with its schema, a builder and a parser. */
export type EventModule<S extends z.ZodType, Subject> = {
  detailTypes: readonly string[];
  schema: S;
  build: (subject: Subject) => BusEvent | undefined;
  parse: (detail: unknown) => z.infer<S>;
};
