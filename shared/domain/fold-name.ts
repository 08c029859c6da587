/** Drawn as nothing: what joins emoji, and whatever older rules let in. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;

const compatible = (text: string): string => text.normalize('NFKC').replaceAll(INVISIBLE, '');

/**
 * Letters of other alphabets that look like a Latin one in small or in capitals (Unicode's confusables.txt), as they
 * are once they are folded: a word of nothing but Cyrillic letters can look like a Latin word.
 */
const LOOK_ALIKES = new Map(
  [
    ['авеѕіјкмноԛрстухԝһԁӏ', 'abesijkmhoqpctyxwhdl'],
    ['αβεζηικμνορτυχ', 'abezhikmnoptyx'],
    ['օսցհո', 'oughn'],
  ].flatMap(([theirs = '', ours = '']) => {
    const latin = ours.split('');
    return theirs.split('').map((letter, place): [string, string] => [letter, latin[place] ?? letter]);
  }),
);

/**
 * What two names have in common when people would take them for the same: case and Unicode's compatible forms do not
 * count (`ẞ` and `ss`, the Kelvin sign and `K`, full width and half width). Folding twice is folding once. It can be
 * much longer than the name: U+FDFA alone gives 18 characters.
 */
export const foldName = (name: string): string =>
  // Both ways, because some letters only meet in capitals and others only in small ones.
  latinised(compatible(compatible(name).toLowerCase().toUpperCase().toLowerCase()).replaceAll('ς', 'σ'));

const latinised = (text: string): string =>
  compatible(text.replaceAll(/[\u0370-\u058f]/gu, (letter) => LOOK_ALIKES.get(letter) ?? letter));
