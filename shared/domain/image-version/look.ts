import type { ImageVersion } from '../../contracts/entities/image-version.ts';

/** What a look at the platform may change of an image version. */
export type LookedUp = Pick<ImageVersion, 'state' | 'stateWhenFound'>;

/** Whether the state says that the image is there, or is looked for. What somebody revoked or deleted is nobody's to find again. */
export const isLookedUp = ({ state }: Pick<ImageVersion, 'state'>): boolean =>
  state === 'available' || state === 'deprecated' || state === 'missing';

/**
 * State of an image version once its image was looked up. One that is found again is what it was when it was last there;
 * a missing one that says nothing of that was available.
 */
export const afterLook = (version: LookedUp, isThere: boolean): LookedUp => {
  const { state, stateWhenFound = 'available' } = version;
  if (state === 'missing') return isThere ? { state: stateWhenFound } : version;
  if (isThere || (state !== 'available' && state !== 'deprecated')) return { state };
  return { state: 'missing', stateWhenFound: state };
};
