import type { PlatformId as KnownPlatform } from '../contracts/platforms/kinds.ts';
import { aws } from './aws/index.ts';
import type { Platform } from './platform.ts';

/** One line a platform; a run of any other is refused before it begins. */
export const platforms = { aws } satisfies Partial<Record<KnownPlatform, Platform>>;
export type PlatformId = keyof typeof platforms;

/** The platform of a builder configuration. */
export const platformOf = (id: PlatformId): Platform => platforms[id];

/** The platform with this id, for ids from outside the type system; undefined when there is none. */
export const findPlatform = (id: string): Platform | undefined =>
  Object.values(platforms).find((platform) => platform.id === id);
