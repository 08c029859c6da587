/** Bounds of every body, whatever its schema says; the OpenAPI document tells them. */

/** Largest body, in bytes: a script of 200,000 characters and its JSON escapes fit. */
export const MAX_BODY_BYTES = 262_144;
/** Deepest nesting: no body of ours has more than ten levels. */
export const MAX_DEPTH = 32;
/** Most members of one list or object: the longest list that any schema takes has 100. */
export const MAX_MEMBERS = 1000;
/** Most wrong fields that one answer names. */
export const MAX_ERRORS = 100;
