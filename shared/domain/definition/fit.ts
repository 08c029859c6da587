import type { BuilderConfiguration } from '../../contracts/entities/builder-configuration.ts';
import type { ImageDefinition, Warning } from '../../contracts/entities/image-definition.ts';
import type { OperatingSystem, OsImage } from '../../contracts/entities/operating-system.ts';
import type { FieldError } from '../../contracts/problem.ts';

type Parts = {
  definition: Pick<ImageDefinition, 'platform'>;
  operatingSystem?: OperatingSystem;
  builder?: BuilderConfiguration;
};

/** Images of an operating system that a builder can start from: of its platform, and of its connection and region if they name one. */
export const fittingImages = (operatingSystem: OperatingSystem, builder: BuilderConfiguration): OsImage[] =>
  operatingSystem.images.filter(
    (image) =>
      image.type.startsWith(`${builder.platform}-`) &&
      (image.connectionId === undefined || image.connectionId === builder.connectionId) &&
      (image.region === undefined ||
        builder.settings.region === undefined ||
        image.region === builder.settings.region),
  );

/** Of the images that fit, those that name the builder's place most exactly: one of them is what a run starts from. */
const likelyImages = (operatingSystem: OperatingSystem, builder: BuilderConfiguration): OsImage[] => {
  const weight = (image: OsImage) =>
    (image.connectionId === undefined ? 0 : 2) + (image.region === undefined ? 0 : 1);
  const fitting = fittingImages(operatingSystem, builder);
  const heaviest = Math.max(...fitting.map(weight));
  return fitting.filter((image) => weight(image) === heaviest);
};

/** Whether somebody says who to log in to the build VM as; Windows images have a user that everybody knows. */
const namesLogin = (operatingSystem: OperatingSystem, builder: BuilderConfiguration): boolean =>
  builder.settings.sshUsername !== undefined ||
  likelyImages(operatingSystem, builder).some(
    ({ access }) => access !== undefined || operatingSystem.family === 'windows',
  );

/** What makes a definition impossible whatever else happens: refused when it is saved. */
export const misfits = ({ definition, operatingSystem, builder }: Parts): FieldError[] => {
  const errors: FieldError[] = [];
  if (
    definition.platform !== undefined &&
    builder !== undefined &&
    definition.platform !== builder.platform
  ) {
    const detail = `the builder configuration is of ${builder.platform}`;
    errors.push({ pointer: '/platform', code: 'platform-mismatch', detail });
  }
  if (operatingSystem && builder && fittingImages(operatingSystem, builder).length === 0) {
    const detail = `${operatingSystem.name} has no image that ${builder.name} can start from`;
    errors.push({ pointer: '/operatingSystemId', code: 'no-base-image', detail });
  }
  return errors;
};

/** A connector must be one of the workspace's; no workspace has any yet. */
export const noSuchConnector = (connectorId: string | undefined): FieldError[] =>
  connectorId === undefined
    ? []
    : [
        {
          pointer: '/connectorId',
          code: 'missing-reference',
          detail: `there is no connector ${connectorId}`,
        },
      ];

/** What only stops a run: told when a definition is saved or read, refused or failed when it is run. */
export const warningsOf = (
  parts: Parts & { connectorId?: string; steps: { name: string; osFamily: string }[] },
): Warning[] => {
  const { operatingSystem, builder } = parts;
  const warnings: Warning[] = [];
  if (builder?.network === 'private' && parts.connectorId === undefined) {
    const detail = 'the builder is in a private network: a connector is needed to run';
    warnings.push({ code: 'connector-needed', detail, pointer: '/connectorId' });
  }
  if (operatingSystem !== undefined && operatingSystem.supportState !== 'supported') {
    const detail = `${operatingSystem.name} is ${operatingSystem.supportState}`;
    warnings.push({
      code: `operating-system-${operatingSystem.supportState}`,
      detail,
      pointer: '/operatingSystemId',
    });
  }
  if (operatingSystem && builder && !namesLogin(operatingSystem, builder)) {
    const detail = `neither ${operatingSystem.name} nor ${builder.name} says who to log in as`;
    warnings.push({ code: 'login-missing', detail, pointer: '/operatingSystemId' });
  }
  const strangers = parts.steps.filter((step) => operatingSystem && step.osFamily !== operatingSystem.family);
  for (const { name, osFamily } of strangers) {
    const detail = `provisioner ${name} is for ${osFamily}, the operating system is ${operatingSystem?.family}`;
    warnings.push({ code: 'provisioner-os-mismatch', detail, pointer: '/provisionerRoleId' });
  }
  return warnings;
};
