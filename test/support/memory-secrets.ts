import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { SecretBox, SecretPlace } from '../../shared/store/secret-box.ts';

/** A stand-in of the key: what it seals holds nothing of the secret, and opens only in its own place. */
export const memorySecretBox = () => {
  const sealed = new Map<string, { place: object; value: string }>();
  const placeOf = ({ scope, entityId, field }: SecretPlace) => ({
    workspaceId: scope.workspaceId,
    entityId,
    field,
  });
  const box: SecretBox = {
    seal: async (place, value, updatedAt) => {
      if (Buffer.byteLength(value) > 4096) throw new Error('ValidationException: longer than 4096 bytes');
      const ciphertext = randomBytes(12).toString('base64');
      sealed.set(ciphertext, { place: placeOf(place), value });
      return { sealed: true, ciphertext, field: place.field, updatedAt };
    },
    open: async (place, ciphertext) => {
      const found = sealed.get(ciphertext);
      if (found === undefined || !isDeepStrictEqual(found.place, placeOf(place)))
        throw new Error('InvalidCiphertextException');
      return found.value;
    },
  };
  return box;
};
