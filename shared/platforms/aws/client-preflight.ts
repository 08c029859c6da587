import type { Image } from '@aws-sdk/client-ec2';
import type { BaseImage } from '../../contracts/entities/image-version.ts';
import { looked, passes, setting, warns } from '../checks.ts';
import { loginOf } from '../login.ts';
import type { AccountAccess, ConnectionAccess, PlatformCheck } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { type AwsSnapshot, copyRegionsOf } from './base-image.ts';
import { baseImageChecks, deprecationChecks, findBaseImage, imageNameChecks } from './client-check-images.ts';
import { keyChecks } from './client-check-keys.ts';
import { machineChecks } from './client-check-machine.ts';
import { findSubnet, networkChecks } from './client-check-network.ts';
import { quotaChecks } from './client-check-quota.ts';
import { sharingChecks } from './client-check-sharing.ts';
import { type Caller, passGate } from './client-gate.ts';
import { permissionChecks } from './client-permissions.ts';
import type { Intent } from './client-probes.ts';
import type { Session } from './client-session.ts';
import { translateError } from './errors.ts';
import { imageTagsOf, temporaryTagsOf } from './tags.ts';

type Access = ConnectionAccess<AwsSnapshot>;
const AUTH = '/connection/settings/auth';

const roleOf = ({ connection }: Pick<AwsSnapshot, 'connection'>): string | undefined =>
  connection.settings.auth.type === 'role' ? connection.settings.auth.roleArn : undefined;

const regionsOf = (session: Session, snapshot: AwsSnapshot) => {
  const { settings } = snapshot.builderConfiguration;
  const own = settings.region === undefined ? '/connection/settings/region' : setting('region');
  const copies = (settings.amiRegions ?? []).map((region, at) => ({
    region,
    field: setting('amiRegions', at),
  }));
  return [{ region: session.region, field: own }, ...copies];
};

/** The user does not matter here; the template says so when nobody names one. */
const NOBODY = 'nobody';

const intentOf = (session: Session, { snapshot, run }: Access, baseImage: BaseImage): Intent => ({
  settings: snapshot.builderConfiguration.settings,
  region: session.region,
  copies: copyRegionsOf(snapshot),
  communicator: loginOf(snapshot, NOBODY).communicator,
  amiId: baseImage.id,
  tags: { temporary: temporaryTagsOf(snapshot, run), image: imageTagsOf(snapshot, run) },
  isOfRun: true,
});

/** Sessions of a role are renewed by the runner, keys do not expire. */
const lifetimeCheck = (snapshot: AwsSnapshot): PlatformCheck =>
  roleOf(snapshot) === undefined
    ? passes('credential-lifetime', 'The access key does not expire by itself.')
    : passes('credential-lifetime', 'The session of the role is renewed for as long as the build runs.');

/** Packer starts a program of AWS beside it, which the images of CodeBuild do not have. */
const tunnelChecks = ({ builderConfiguration }: AwsSnapshot): PlatformCheck[] => {
  if (builderConfiguration.settings.sshInterface !== 'session_manager') return [];
  const words = {
    detail:
      'Whether the runner has the program session-manager-plugin, which Packer starts, was not looked at.',
    field: setting('sshInterface'),
    errorId: 'packer-plugin-missing' as const,
    remedy:
      'Make sure that the runners of this deployment, or the agents of the connector, have it: docs/aws.md.',
  };
  return [warns('session-manager', words)];
};

const profileChecks = async (session: Session, { builderConfiguration }: AwsSnapshot) => {
  const { iamInstanceProfile: name } = builderConfiguration.settings;
  if (name === undefined) return [];
  const { profileCheck } = await import('./client-iam.ts');
  return [await profileCheck(session, name)];
};

/** The subnet is needed twice: by the network, and by the machine that is to stand in its zone. */
const placeChecks = async (
  session: Session,
  snapshot: AwsSnapshot,
  image: Promise<Image | undefined>,
): Promise<PlatformCheck[]> => {
  const { settings } = snapshot.builderConfiguration;
  const subnet = findSubnet(session, settings);
  const found = await Promise.all([
    looked(translateError, 'network', 'The network', async () =>
      networkChecks(session, settings, await subnet),
    ),
    looked(translateError, 'machine-type', 'The machine type', async () =>
      machineChecks(session, snapshot, {
        zone: (await subnet.catch(() => undefined))?.AvailabilityZone,
        image: await image.catch(() => undefined),
      }),
    ),
  ]);
  return found.flat();
};

const imageChecks = async (
  session: Session,
  snapshot: AwsSnapshot,
  { base, image }: { base: BaseImage; image: Promise<Image | undefined> },
) => {
  const { region } = session;
  const found = await Promise.all([
    looked(translateError, 'base-image', 'The base image', async () =>
      baseImageChecks(snapshot, base, { image: await image, region }),
    ),
    looked(translateError, 'sharing', 'Whether the image can be shared', async () =>
      sharingChecks(session, snapshot, await image.catch(() => undefined)),
    ),
  ]);
  return found.flat();
};

const behindTheGate = (
  session: Session,
  access: Access,
  known: { base: BaseImage; caller: Caller; now: number },
): Promise<PlatformCheck[]>[] => {
  const { snapshot, run } = access;
  const intent = intentOf(session, access, known.base);
  // Asked for once: machine, base image and sharing look at it.
  const image = findBaseImage(session, known.base);
  const asked = { intent, caller: known.caller, roleArn: roleOf(snapshot), authField: AUTH };
  const name = finalName(snapshot, run);
  return [
    looked(translateError, 'permissions', 'The permissions', () => permissionChecks(session, asked)),
    placeChecks(session, snapshot, image),
    imageChecks(session, snapshot, { base: known.base, image }),
    looked(translateError, 'image-name', 'The name of the image', () =>
      imageNameChecks(session, snapshot, name),
    ),
    looked(translateError, 'encryption-key', 'The keys', () => keyChecks(session, snapshot)),
    looked(translateError, 'instance-profile', 'The instance profile', () =>
      profileChecks(session, snapshot),
    ),
    quotaChecks(session, snapshot.builderConfiguration.settings),
  ];
};

/**
 * Everything that a run would meet in the account. Without credentials or region nothing else can be looked at; all the
 * rest is looked at at the same time, and what cannot be is a warning.
 */
export const preflight = async (
  session: Session,
  access: Access,
  base: BaseImage,
): Promise<PlatformCheck[]> => {
  const { snapshot } = access;
  const { checks, caller } = await passGate(session, { auth: AUTH, regions: regionsOf(session, snapshot) });
  if (caller === undefined) return checks;
  const now = Date.now();
  const found = await Promise.all(behindTheGate(session, access, { base, caller, now }));
  return [
    ...checks,
    ...found.flat(),
    ...deprecationChecks(snapshot, now),
    ...tunnelChecks(snapshot),
    lifetimeCheck(snapshot),
  ];
};

/** A machine that every region has, for questions about permissions in general. */
const ANY_MACHINE = 't3.micro';
const ANY_IMAGE = `ami-${'0'.repeat(17)}`;

/** Whether a connection lets anybody in, its region is there, and it may do what every build does. */
export const verify = async (
  session: Session,
  { connection }: AccountAccess<'aws'>,
): Promise<PlatformCheck[]> => {
  const { region } = session;
  const auth = '/settings/auth';
  const regions = [{ region, field: '/settings/region' }];
  const { checks, caller } = await passGate(session, { auth, regions });
  if (caller === undefined) return checks;
  const intent: Intent = {
    settings: { instanceType: ANY_MACHINE },
    region,
    copies: [],
    communicator: 'ssh',
    amiId: ANY_IMAGE,
    tags: { temporary: connection.temporaryResourceTags ?? {}, image: connection.imageTags ?? {} },
    isOfRun: false,
  };
  const asked = { intent, caller, roleArn: roleOf({ connection }), authField: auth };
  const permissions = await looked(translateError, 'permissions', 'The permissions', () =>
    permissionChecks(session, asked),
  );
  return [...checks, ...permissions];
};
