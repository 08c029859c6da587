import { readOutput as readAwsOutput } from '../../shared/platforms/aws/output.ts';
import type { ReadOutput } from './build-facts.ts';

/**
 * One line a platform, like the registry of platforms. That one is not imported here: it leads to the platforms'
 * clients, and the runner's one file would hold their SDKs. A test keeps the two together.
 */
const readers = new Map<string, ReadOutput>([['aws', readAwsOutput]]);

/** The reader of facts for a platform; one that knows nothing of Packer's output there tells nothing. */
export const readOutputOf = (platform: string): ReadOutput => readers.get(platform) ?? (() => ({}));
