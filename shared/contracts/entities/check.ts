import * as z from 'zod';

/** One thing that was looked at before a run, and how it stands. */
export const checkSchema = z
  .object({
    id: z.string().meta({ description: 'What was checked, a stable word such as base-image. Open list.' }),
    status: z.enum(['pass', 'warn', 'fail']),
    detail: z.string(),
    field: z
      .string()
      .optional()
      .meta({
        description:
          'The field to blame. A JSON Pointer: of the entity that was asked about, or below /connection, ' +
          '/builderConfiguration, /operatingSystem, /provisionerRole of what an image definition refers to.',
      }),
    remedy: z.string().optional().meta({ description: 'What to do about it' }),
  })
  .meta({ id: 'Check' });
export type Check = z.infer<typeof checkSchema>;

/** The answer to "would it work?". */
export const checkListSchema = z
  .object({
    ok: z.boolean().meta({ description: 'No check fails' }),
    checks: z.array(checkSchema),
  })
  .meta({ id: 'CheckList' });
export type CheckList = z.infer<typeof checkListSchema>;
