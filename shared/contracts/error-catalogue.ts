import * as z from 'zod';
import { failureCategorySchema } from './entities/run.ts';

/** One reason a run can fail for; `id` is stable. */
export const catalogueEntrySchema = z
  .object({
    id: z.string(),
    category: failureCategorySchema,
    title: z.string(),
    meaning: z.string(),
    remedy: z.string(),
    remedyOnWindows: z
      .string()
      .optional()
      .describe('What the remedy of a run adds where Windows is built: which logs of the machine tell more.'),
    documentation: z
      .string()
      .describe('Where the documentation tells of it: a file of the repository and an anchor in it.'),
  })
  .meta({ id: 'ErrorCatalogueEntry' });
export type CatalogueEntry = z.infer<typeof catalogueEntrySchema>;

export const errorCatalogueSchema = z
  .object({ items: z.array(catalogueEntrySchema) })
  .meta({ id: 'ErrorCatalogue' });
