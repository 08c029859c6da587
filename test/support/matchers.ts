import { expect } from 'vitest';

/** Matchers for one field of an expected object; vitest's own are of type `any`. */
export const containing = (text: string): unknown => expect.stringContaining(text);
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
export const anyText = (): unknown => expect.any(String);
