import type { ErrorId } from '../catalogue.ts';

/**
 * A known failure and how its lines look, in the words of Packer 1.6 and of modern Packer. Wildcards are bounded, so
 * that no text takes long.
 */
export type Rule = {
  errorId: ErrorId;
  pattern: RegExp;
  /** Of several lines the last counts, because Packer says it last while a script may print the same words before. */
  last?: true;
  /** The text does not say why: whatever else explains the failure wins. */
  weak?: true;
  /** The line that explains stands above the one that is known. */
  above?: RegExp;
  /** A program in the machine ended with an error: its own last words say why. */
  inStep?: true;
};
