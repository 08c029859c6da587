import { findPlatform } from '../../shared/platforms/registry.ts';
import type { ReadOutput } from './build-facts.ts';

/**
 * The reader of facts for a platform; one that is not known tells nothing. Of a platform the runner has the pure part:
 * its bundle leaves the clients with their SDKs out.
 */
export const readOutputOf = (platform: string): ReadOutput =>
  findPlatform(platform)?.readOutput ?? (() => ({}));
