import type { IdKind } from '../contracts/common.ts';
import type { SecretStored } from '../contracts/secret.ts';
import type { RunSnapshot, SnapshotStep } from '../contracts/snapshot.ts';

/** A variable of the template and the stored secret that it gets its value from. */
export type TemplateSecret = {
  variable: string;
  ciphertext: string;
  field: string;
  kind: IdKind;
  entityId: string;
};

/** Names and stored secrets of the secret environment that is in force at a step, sorted by name. */
export const secretEnvironmentOf = ({ provisioner, environment }: SnapshotStep): [string, SecretStored][] => {
  if (provisioner.type === 'file') return [];
  // A plain variable of the definition or the group item wins, as it does over a plain one of the provisioner.
  return Object.entries(provisioner.secretEnvironment ?? {})
    .filter(([name]) => !Object.hasOwn(environment, name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
};

/**
 * Which variables of a run's template carry which stored secret. The compiler and the claim both ask here, so the
 * template never has a variable without a value. A secret that several steps use is one variable.
 */
export const secretsOf = (snapshot: RunSnapshot): TemplateSecret[] => {
  const secrets = new Map<string, TemplateSecret>();
  for (const step of snapshot.steps) {
    for (const [, { ciphertext, field }] of secretEnvironmentOf(step)) {
      const entityId = step.provisioner.id;
      const key = JSON.stringify([entityId, field]);
      if (secrets.has(key)) continue;
      const variable = `secret_${secrets.size + 1}`;
      secrets.set(key, { variable, ciphertext, field, kind: 'provisioner', entityId });
    }
  }
  return [...secrets.values()];
};

/** The variable that carries a secret; the list is that of secretsOf for the same snapshot. */
export const variableOf = (secrets: readonly TemplateSecret[], entityId: string, field: string): string => {
  const secret = secrets.find((one) => one.entityId === entityId && one.field === field);
  if (secret === undefined) throw new Error(`no variable for ${field} of ${entityId}`);
  return secret.variable;
};
