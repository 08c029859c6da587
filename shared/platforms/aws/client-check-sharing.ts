import type { Image } from '@aws-sdk/client-ec2';
import type { AmazonEbsSettings } from '../../contracts/platforms/aws.ts';
import { shareFields } from '../../contracts/platforms/aws-image.ts';
import { fails, listed, passes, setting, warns } from '../checks.ts';
import type { PlatformCheck } from '../platform.ts';
import { type AwsSnapshot, copyRegionsOf } from './base-image.ts';
import { diskDefaults, type FutureDisk, futureDisks } from './client-disks.ts';
import { isManagedKey } from './client-keys.ts';
import type { Session } from './client-session.ts';

const ID = 'sharing';

/** What will be encrypted where, under which key, and the field that could name another one. */
type Encrypted = { what: string; region: string; key: string; field: string };

/** The disks of the image in the build's region: with encryptBoot Packer copies them all under one key. */
const inOwnRegion = (
  { encryptBoot, kmsKeyId }: AmazonEbsSettings,
  region: string,
  disks: FutureDisk[],
  defaultKey: string | undefined,
): Encrypted[] => {
  if (encryptBoot !== true)
    return disks.flatMap(({ name, key, field }) =>
      key === undefined ? [] : [{ what: `The disk ${name}`, region, key, field }],
    );
  const key = kmsKeyId ?? defaultKey;
  return key === undefined
    ? []
    : [
        {
          what: 'The image',
          region,
          key,
          field: setting(kmsKeyId === undefined ? 'encryptBoot' : 'kmsKeyId'),
        },
      ];
};

/**
 * A copy in another region. A disk that is encrypted cannot be copied without a key of that region: where the builder
 * names none EC2 takes the account's default one ("CopyImage", KmsKeyId).
 */
const inRegion = async (
  session: Session,
  { encryptBoot, regionKmsKeyIds = {} }: AmazonEbsSettings,
  region: string,
  disks: FutureDisk[],
): Promise<Encrypted[]> => {
  const named = encryptBoot === true ? regionKmsKeyIds[region] : undefined;
  const field = setting('regionKmsKeyIds', region);
  if (named !== undefined) return [{ what: 'The copy', region, key: named, field }];
  const { encrypts, key } = await diskDefaults(session.ec2(region));
  const encrypted = disks.filter((disk) => disk.key !== undefined).map(({ name }) => name);
  if (key === undefined || !(encrypts || encryptBoot === true || encrypted.length > 0)) return [];
  const what = encrypts || encryptBoot === true ? 'The copy' : `The copy of the disk ${listed(encrypted)}`;
  return [{ what, region, key, field }];
};

const encryptedOf = async (
  session: Session,
  snapshot: AwsSnapshot,
  image: Image | undefined,
): Promise<Encrypted[]> => {
  const { settings } = snapshot.builderConfiguration;
  const { region } = session;
  const ec2 = session.ec2(region);
  const defaults = await diskDefaults(ec2);
  const disks = await futureDisks(ec2, settings, image, defaults);
  const copies = await Promise.all(
    copyRegionsOf(snapshot).map((one) => inRegion(session, settings, one, disks)),
  );
  return [...inOwnRegion(settings, region, disks, defaults.key), ...copies.flat()];
};

const isShared = (settings: AmazonEbsSettings): boolean =>
  shareFields.some((field) => (settings[field] ?? []).length > 0);

type Finding = { isCertain: boolean; detail: string; field: string };

/** Nothing where others can be let in to the key. */
const lookAt = async (session: Session, { what, region, key, field }: Encrypted): Promise<Finding[]> => {
  const isManaged = await isManagedKey(session, region, key);
  if (isManaged === false) return [];
  if (isManaged === true) {
    const detail = `${what} will be encrypted in ${region} under the account's default key, which nobody else can use.`;
    return [{ isCertain: true, detail, field }];
  }
  const detail = `${what} will be encrypted in ${region} under the key ${key}; whether it lets others in could not be looked at.`;
  return [{ isCertain: false, detail, field }];
};

/**
 * Whether others can use the image that the builder shares, disk by disk: one disk under the account's default key is
 * enough, and the image cannot be shared. A copy within the account works under that key, but can be shared with nobody
 * later: one warning. None where there is neither share nor copy.
 */
export const sharingChecks = async (
  session: Session,
  snapshot: AwsSnapshot,
  image: Image | undefined,
): Promise<PlatformCheck[]> => {
  const { settings } = snapshot.builderConfiguration;
  const shares = isShared(settings);
  if (!shares && copyRegionsOf(snapshot).length === 0) return [];
  const encrypted = await encryptedOf(session, snapshot, image);
  const findings = (await Promise.all(encrypted.map((one) => lookAt(session, one)))).flat();
  const errorId = 'image-not-shareable' as const;
  const [first] = findings;
  if (first === undefined) return [passes(ID, 'The image can be copied and shared as configured.')];
  if (!shares) {
    const detail = findings.map((one) => one.detail).join(' ');
    return [warns(ID, { detail, field: first.field, errorId })];
  }
  return findings.map(({ isCertain, detail, field }) =>
    (isCertain ? fails : warns)(ID, { detail, field, errorId }),
  );
};
