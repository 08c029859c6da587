/** Drawn as nothing: what joins emoji, and whatever older rules let in. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;

const compatible = (text: string): string => text.normalize('NFKC').replaceAll(INVISIBLE, '');

/**
 * What two names have in common when people would take them for the same: case and Unicode's compatible forms do not
 * count (`ẞ` and `ss`, the Kelvin sign and `K`, full width and half width). Folding twice is folding once. It can be
 * much longer than the name: U+FDFA alone gives 18 characters.
 */
export const foldName = (name: string): string =>
  // Both ways, because some letters only meet in capitals and others only in small ones.
  compatible(compatible(name).toLowerCase().toUpperCase().toLowerCase()).replaceAll('ς', 'σ');
