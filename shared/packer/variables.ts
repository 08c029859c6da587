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
  const keyOf = (name: string) => variableKey(osFamily, name);
  const plain = new Set(Object.keys(environment).map(keyOf));
  // A plain variable of the definition or the group item wins, as it does over a plain one of the provisioner.
  return Object.entries(mergeVariables(osFamily, secrets))
    .filter(([name]) => !plain.has(keyOf(name)) && !isRunVariable(osFamily, name))
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
      const key = JSON.stringify([entityId, field]);
      if (ofSteps.has(key)) continue;
      const variable = `secret_${ofSteps.size + 1}`;
      ofSteps.set(key, { variable, ciphertext, field, kind: 'provisioner', entityId });
    }
  }
  return [...platform.secrets(snapshot), ...ofSteps.values()];
};

/** The variable that carries a secret; the list is that of secretsOf for the same snapshot. */
export const variableOf = (secrets: readonly PlatformSecret[], entityId: string, field: string): string => {
  const secret = secrets.find((one) => one.entityId === entityId && one.field === field);
  if (secret === undefined) throw new Error(`no variable for ${field} of ${entityId}`);
  return secret.variable;
};
