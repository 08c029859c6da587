import { expect } from 'vitest';

/** Any text with these words in it. */
export const textWith = (words: string): unknown => expect.stringContaining(words);
/** Any text without them. */
export const textWithout = (words: string): unknown => expect.not.stringContaining(words);
/** Any text of this form. */
export const textLike = (form: RegExp): unknown => expect.stringMatching(form);
