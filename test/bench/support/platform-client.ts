import type { PlatformId } from '../../../shared/contracts/platforms/kinds.ts';
import { platformOf } from '../../../shared/platforms/registry.ts';

/** What Prepare does first with a run of a platform: asks for its client. Nothing is asked of the platform itself. */
export const handler = async ({ platform }: { platform: PlatformId | 'none' }): Promise<object> => {
  if (platform !== 'none') await platformOf(platform).client?.();
  return {};
};
