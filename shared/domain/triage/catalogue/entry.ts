import type { FailureCategory } from '../../../contracts/entities/run.ts';
import type { CatalogueEntry } from '../../../contracts/error-catalogue.ts';

type Entry = Pick<CatalogueEntry, 'category' | 'title' | 'meaning' | 'remedy'>;

/** One known failure. */
export const entry = (category: FailureCategory, title: string, meaning: string, remedy: string): Entry => ({
  category,
  title,
  meaning,
  remedy,
});
