import { builder } from './catalogue/builder-configuration.ts';
import { connection } from './catalogue/connection.ts';
import { operatingSystem } from './catalogue/operating-system.ts';
import { capacity, platform, timeouts } from './catalogue/platform.ts';
import { provisioner } from './catalogue/provisioner.ts';

/** Every known failure by its id: what it means and what the user can do about it. Ids are stable for ever. */
export const errorCatalogue = {
  ...connection,
  ...provisioner,
  ...builder,
  ...operatingSystem,
  ...capacity,
  ...timeouts,
  ...platform,
};
export type ErrorId = keyof typeof errorCatalogue;

/** Whether a text is the id of a known failure. */
export const isErrorId = (id: string): id is ErrorId => Object.hasOwn(errorCatalogue, id);
