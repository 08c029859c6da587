import type { CatalogueEntry } from '../../contracts/error-catalogue.ts';
import { builder } from './catalogue/builder-configuration.ts';
import { connection } from './catalogue/connection.ts';
import { operatingSystem } from './catalogue/operating-system.ts';
import { capacity, platform, timeouts } from './catalogue/platform.ts';
import { provisioner } from './catalogue/provisioner.ts';
import { script } from './catalogue/script.ts';
import { isInsideMachine, WINDOWS_LOGS } from './windows-logs.ts';

/** Every known failure by its id: what it means and what the user can do about it. Ids are stable for ever. */
export const errorCatalogue = {
  ...connection,
  ...provisioner,
  ...script,
  ...builder,
  ...operatingSystem,
  ...capacity,
  ...timeouts,
  ...platform,
};
export type ErrorId = keyof typeof errorCatalogue;

/** Whether a text is the id of a known failure. */
export const isErrorId = (id: string): id is ErrorId => Object.hasOwn(errorCatalogue, id);

/** The catalogue as clients read it; `documentation` leads to the part of docs/failures.md about the id. */
export const listErrors = (): CatalogueEntry[] =>
  Object.entries(errorCatalogue).map(([id, { category, title, meaning, remedy }]) => ({
    id,
    category,
    title,
    meaning,
    remedy,
    ...(isInsideMachine(id, category) ? { remedyOnWindows: WINDOWS_LOGS } : {}),
    documentation: `docs/failures.md#${id}`,
  }));
