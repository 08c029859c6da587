/** What every command is given. */
import type { Output, StageTime } from '../terminal/stage-printer.ts';

export interface CommandContext {
  output: Output;
  /** What `bootstrap.mjs` has done before. */
  earlierStages: readonly StageTime[];
}
