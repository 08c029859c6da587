import type * as z from 'zod';

/** Environment of a function, parsed once at cold start. Throws and names each variable that is missing or wrong. */
export const loadEnvironment = <S extends z.ZodType>(schema: S): z.infer<S> => schema.parse(process.env);
