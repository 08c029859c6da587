import type { Engine } from '../../../shared/actions/engine.ts';
import type { PlatformClient } from '../../../shared/platforms/platform.ts';

/** What is asked of a platform for a run that has ended. */
export type Account = Pick<PlatformClient, 'findLeftovers' | 'removeLeftover'>;

/** What tidying up after runs works with. */
export type Tidying = Pick<Engine, 'core' | 'now'> & { newId: (kind: 'leftover') => string };

/** The way to the account that a run built in; undefined where only a connector at the site has one. Throws PlatformError. */
export type Reach = () => Promise<Account | undefined>;
