import { type SecretInput, secretOutput, secretStored } from '../../../shared/contracts/secret.ts';
import { ApiProblem } from '../../../shared/runtime/api/problem.ts';
import type { EntityContext, Given } from './entity.ts';

/** Seals a secret that was just written. On create there is none to keep, so `{"set": true}` is refused. */
export const sealSecret = (secret: SecretInput, pointer: string, given: Given, context: EntityContext) => {
  if ('set' in secret) {
    const errors = [
      { pointer, code: 'no-secret', detail: 'there is no stored value to keep; send {"value": "…"}' },
    ];
    throw new ApiProblem('rule-broken', 'A secret has no value.', { errors });
  }
  const place = { scope: context.scope, entityId: given.id, field: pointer };
  return context.secrets.seal(place, secret.value, given.createdAt);
};

/** A copy in which every sealed secret reads `{"set": true, "updatedAt": …}`. */
export const hideSecrets = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(hideSecrets);
  if (typeof value !== 'object' || value === null) return value;
  const sealed = secretStored.safeParse(value);
  if (sealed.success) return secretOutput.parse({ set: true, updatedAt: sealed.data.updatedAt });
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hideSecrets(inner)]));
};
