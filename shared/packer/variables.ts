import type { SecretStored } from '../contracts/secret.ts';
import type { RunSnapshot, SnapshotStep } from '../contracts/snapshot.ts';
import { mergeVariables, variableKey } from '../domain/definition/environment.ts';
import type { Platform, PlatformSecret } from '../platforms/platform.ts';
import { isRunVariable } from './run-environment.ts';

type Provisioner = SnapshotStep['provisioner'];

/** Names and stored secrets of the secret environment that is in force at a step, sorted by name. */
export const secretEnvironmentOf = ({ provisioner, environment }: SnapshotStep): [string, SecretStored][] => {
  const secrets = 'secretEnvironment' in provisioner ? provisioner.secretEnvironment : undefined;
  const { osFamily } = provisioner;
  const nameKey = (name: string) => variableKey(osFamily, name);
  const plain = new Set(Object.keys(environment).map(nameKey));
  // A plain variable of the definition or the group item wins, as it does over a plain one of the provisioner.
  return Object.entries(mergeVariables(osFamily, secrets))
    .filter(([name]) => !plain.has(nameKey(name)) && !isRunVariable(osFamily, name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
};

/** The password of the user that a step runs as, if it needs one. */
export const elevatedPasswordOf = (provisioner: Provisioner): SecretStored | undefined =>
  'elevatedPassword' in provisioner ? provisioner.elevatedPassword : undefined;

/** Every stored secret that a step uses, in the order in which it names them. */
const secretsOfStep = (step: SnapshotStep): SecretStored[] => {
  const password = elevatedPasswordOf(step.provisioner);
  const environment = secretEnvironmentOf(step).map(([, secret]) => secret);
  return password === undefined ? environment : [...environment, password];
};

/**
 * Which variables of a run's template carry which stored secret. The compiler and the claim both ask here, so the
 * template never has a variable without a value. A secret that several steps use is one variable.
 */
export const secretsOf = (snapshot: RunSnapshot, platform: Pick<Platform, 'secrets'>): PlatformSecret[] => {
  const ofSteps = new Map<string, PlatformSecret>();
  for (const step of snapshot.steps) {
    for (const { ciphertext, field } of secretsOfStep(step)) {
      const entityId = step.provisioner.id;
      const key = keyOf(entityId, field);
      if (ofSteps.has(key)) continue;
      const variable = `secret_${ofSteps.size + 1}`;
      ofSteps.set(key, { variable, ciphertext, field, kind: 'provisioner', entityId });
    }
  }
  return [...platform.secrets(snapshot), ...ofSteps.values()];
};

const keyOf = (entityId: string, field: string): string => JSON.stringify([entityId, field]);

/** Finds the variable that carries a secret, among those of secretsOf for the same snapshot. */
export const variableFinder = (secrets: readonly PlatformSecret[]) => {
  const found = new Map(secrets.map(({ entityId, field, variable }) => [keyOf(entityId, field), variable]));
  return (entityId: string, field: string): string => {
    const variable = found.get(keyOf(entityId, field));
    if (variable === undefined) throw new Error(`no variable for ${field} of ${entityId}`);
    return variable;
  };
};
