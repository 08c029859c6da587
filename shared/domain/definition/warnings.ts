import type { BuilderConfiguration } from '../../contracts/entities/builder-configuration.ts';
import { MAX_WARNINGS, type Warning } from '../../contracts/entities/image-definition.ts';
import type { FieldError } from '../../contracts/problem.ts';
import { communicatorOf, connectorNeed, isOnPremises, likelyImages, misfits, type Parts } from './fit.ts';
import { tooManySteps } from './steps.ts';

/** What has to be known of a step; the texts are there where the step has them inline. */
export type WarnedStep = {
  name: string;
  osFamily: string;
  script?: string | undefined;
};

export type WarnedParts = Parts & {
  connectorId?: string | undefined;
  steps: readonly WarnedStep[];
  /** What else was found: files without content, images on top of themselves. */
  faults?: readonly FieldError[];
};

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

/** Whether a step looks like one after which machines made from the image are not all the same. */
export const looksGeneralising = ({ name, script = '' }: WarnedStep): boolean =>
  /sysprep|generali[sz]e/i.test(`${name}\n${script}`);

/** Whether nothing generalises a system but its steps (S87): on-premises nothing is added by itself. */
export const mustGeneralise = ({ operatingSystem, builder }: Parts): boolean =>
  operatingSystem?.family === 'windows' && builder !== undefined && isOnPremises(builder);

const generaliseWarning = (parts: WarnedParts): Warning[] => {
  if (!mustGeneralise(parts) || parts.steps.some(looksGeneralising)) return [];
  const detail = 'no step looks like sysprep: on-premises Windows is not generalised by itself';
  return [{ code: 'generalise-missing', detail, pointer: '/provisionerRoleId' }];
};

/** What only stops or spoils a run: told when a definition is saved or read, refused or failed when it is run. */
export const warningsOf = (parts: WarnedParts): Warning[] =>
  bounded([
    ...misfits(parts),
    ...connectorWarning(parts),
    ...supportWarning(parts),
    ...loginWarning(parts),
    ...generaliseWarning(parts),
    ...tooManySteps(parts.steps.length, '/provisionerRoleId'),
    ...(parts.faults ?? []),
    ...strangers(parts),
  ]);

const bounded = (warnings: Warning[]): Warning[] => {
  if (warnings.length <= MAX_WARNINGS) return warnings;
  const told = warnings.slice(0, MAX_WARNINGS - 1);
  const detail = `and ${warnings.length - told.length} more`;
  return [...told, { code: 'more', detail, pointer: '' }];
};
