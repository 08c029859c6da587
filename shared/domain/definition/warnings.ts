import type { BuilderConfiguration } from '../../contracts/entities/builder-configuration.ts';
import type { Warning } from '../../contracts/entities/image-definition.ts';
import { communicatorOf, connectorNeed, isOnPremises, likelyImages, type Parts } from './fit.ts';

/** What has to be known of a step; the texts are there where the step has them inline. */
export type WarnedStep = {
  name: string;
  osFamily: string;
  script?: string | undefined;
};

export type WarnedParts = Parts & { connectorId?: string | undefined; steps: readonly WarnedStep[] };

const connectorWarning = ({ builder, connectorId }: WarnedParts): Warning[] => {
  const need = builder === undefined || connectorId !== undefined ? undefined : connectorNeed(builder);
  if (need === undefined) return [];
  const detail = `${need}: a connector is needed to run`;
  return [{ code: 'connector-needed', detail, pointer: '/connectorId' }];
};

const supportWarning = ({ operatingSystem }: WarnedParts): Warning[] => {
  if (operatingSystem === undefined || operatingSystem.supportState === 'supported') return [];
  const { name, supportState } = operatingSystem;
  const code = `operating-system-${supportState}`;
  return [{ code, detail: `${name} is ${supportState}`, pointer: '/operatingSystemId' }];
};

/** The user that the builder itself names for a way to log in. */
const ownLogin = ({ settings }: BuilderConfiguration, way: 'ssh' | 'winrm') => {
  const user = way === 'ssh' ? settings.sshUsername : settings.winrmUsername;
  const name = way === 'ssh' ? 'sshPassword' : 'winrmPassword';
  const hasPassword = Object.entries(settings).some(([key, value]) => key === name && value !== undefined);
  return { user, hasPassword };
};

/**
 * Azure makes the user itself, and Windows images of clouds have one that everybody knows. On-premises nobody places a
 * key or tells a password.
 */
const loginFault = (parts: WarnedParts): string | undefined => {
  const { operatingSystem, builder } = parts;
  if (!operatingSystem || !builder) return undefined;
  const images = likelyImages(parts);
  const { user, hasPassword } = ownLogin(builder, communicatorOf(parts));
  const known =
    user !== undefined ||
    builder.platform === 'azure' ||
    operatingSystem.family === 'windows' ||
    images.some(({ access }) => access !== undefined);
  if (images.length > 0 && !known)
    return `neither ${operatingSystem.name} nor ${builder.name} says who to log in as`;
  return isOnPremises(builder) && !hasPassword ? `${builder.name} has no password to log in with` : undefined;
};

const loginWarning = (parts: WarnedParts): Warning[] => {
  const detail = loginFault(parts);
  return detail === undefined ? [] : [{ code: 'login-missing', detail, pointer: '/operatingSystemId' }];
};

const strangers = ({ operatingSystem, steps }: WarnedParts): Warning[] =>
  operatingSystem === undefined
    ? []
    : steps
        .filter((step) => step.osFamily !== operatingSystem.family)
        .map(({ name, osFamily }) => ({
          code: 'provisioner-os-mismatch',
          detail: `provisioner ${name} is for ${osFamily}, the operating system is ${operatingSystem.family}`,
          pointer: '/provisionerRoleId',
        }));

/** On-premises nothing is added by itself (S87): without a step that generalises, machines share their identity. */
const generaliseWarning = ({ operatingSystem, builder, steps }: WarnedParts): Warning[] => {
  if (operatingSystem?.family !== 'windows' || builder === undefined || !isOnPremises(builder)) return [];
  const generalises = steps.some(({ name, script = '' }) =>
    /sysprep|generali[sz]e/i.test(`${name}\n${script}`),
  );
  if (generalises) return [];
  const detail = 'no step looks like sysprep: on-premises Windows is not generalised by itself';
  return [{ code: 'generalise-missing', detail, pointer: '/provisionerRoleId' }];
};

/** What only stops or spoils a run: told when a definition is saved or read, refused or failed when it is run. */
export const warningsOf = (parts: WarnedParts): Warning[] =>
  [connectorWarning, supportWarning, loginWarning, strangers, generaliseWarning].flatMap((find) =>
    find(parts),
  );
