import type { FieldError } from '../../contracts/problem.ts';
import { type SecretStored, secretOutput, secretStored, WrittenSecret } from '../../contracts/secret.ts';
import { pointerOf, valueAt } from '../../domain/json-pointer.ts';
import type { Item } from '../../store/table.ts';
import type { EntityContext, Given } from './module.ts';

const storedAt = (row: Item | undefined, pointer: string): SecretStored | undefined =>
  secretStored.safeParse(valueAt(row, pointer)).data;

/** Every secret in a checked body with the place where it stands. */
const secretsIn = (value: unknown, path: string[] = []): { pointer: string; secret: WrittenSecret }[] => {
  if (value instanceof WrittenSecret) return [{ pointer: pointerOf(path), secret: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => secretsIn(inner, [...path, key]));
};

/** Where a checked body keeps what is stored. */
export const keptSecrets = (input: unknown): string[] =>
  secretsIn(input).flatMap(({ pointer, secret }) => (secret.value === undefined ? [pointer] : []));

/** `{"set": true}` where nothing is stored that could be kept. */
export const nothingToKeep = (input: unknown, current: Item | undefined): FieldError[] =>
  secretsIn(input)
    .filter(({ pointer, secret }) => secret.value === undefined && storedAt(current, pointer) === undefined)
    .map(({ pointer }) => ({
      pointer,
      code: 'no-secret',
      detail: 'there is no stored value to keep; send {"value": "…"}',
    }));

/**
 * A row with each new secret sealed and each kept one as it lies in `current`. The caller has asked `nothingToKeep`.
 */
export const sealSecrets = async (
  row: Item,
  given: Given,
  context: EntityContext,
  current?: Item,
): Promise<Item> => {
  const sealed = new Map<WrittenSecret, SecretStored | undefined>();
  const seal = async ({ pointer, secret }: { pointer: string; secret: WrittenSecret }) => {
    const place = { scope: context.scope, entityId: given.id, field: pointer };
    const stored =
      secret.value === undefined
        ? storedAt(current, pointer)
        : await context.secrets.seal(place, secret.value, given.updatedAt);
    sealed.set(secret, stored);
  };
  await Promise.all(secretsIn(row).map(seal));
  const replaced = (value: unknown): unknown =>
    value instanceof WrittenSecret ? sealed.get(value) : mapInside(value, replaced);
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, replaced(value)]));
};

const mapInside = (value: unknown, change: (inner: unknown) => unknown): unknown => {
  if (Array.isArray(value)) return value.map(change);
  if (typeof value !== 'object' || value === null || value instanceof Set) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(inner)]));
};

/** A secret that is kept, as one value: a merge patch replaces it and does not merge into it. */
class KeptSecret {
  readonly set = true;
  readonly updatedAt: string;
  constructor(updatedAt: string) {
    this.updatedAt = updatedAt;
  }
}

const shownAs = (value: unknown, show: (secret: SecretStored) => unknown): unknown => {
  const stored = secretStored.safeParse(value);
  return stored.success ? show(stored.data) : mapInside(value, (inner) => shownAs(inner, show));
};

/** A copy in which every sealed secret reads `{"set": true, "updatedAt": …}`. */
export const hideSecrets = (value: unknown): unknown =>
  shownAs(value, ({ updatedAt }) => secretOutput.parse({ set: true, updatedAt }));

/** A copy in which every sealed secret is one opaque value that its input accepts as kept. */
export const keepSecrets = (value: unknown): unknown =>
  shownAs(value, ({ updatedAt }) => new KeptSecret(updatedAt));
