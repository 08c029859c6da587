import type { FailureCategory } from '../../../contracts/entities/run.ts';
import type { CatalogueEntry } from '../../../contracts/error-catalogue.ts';

type Entry = Omit<CatalogueEntry, 'id'>;

/** One known failure. */
export const entry = (category: FailureCategory, title: string, meaning: string, remedy: string): Entry => ({
  category,
  title,
  meaning,
  remedy,
});
