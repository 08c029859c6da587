import type { PackerGeneration } from '../../contracts/bundle.ts';
import type { AmazonEbsSettings } from '../../contracts/platforms/aws.ts';
import { setting } from '../checks.ts';
import type { TemplateObject } from '../expression.ts';
import { PlatformError } from '../platform.ts';
import { type AwsSnapshot, copyRegionsOf } from './base-image.ts';

/** Settings that Packer 1.6 lacks and that nobody wants silently left out. */
const NEWER = ['amiOrgArns', 'amiOuArns', 'deprecateAt', 'deregistrationProtection'] as const;

const demandGeneration = (settings: AmazonEbsSettings, generation: PackerGeneration): void => {
  const missing = NEWER.filter((field) => settings[field] !== undefined);
  if (generation === 'modern' || missing.length === 0) return;
  throw new PlatformError('packer-too-old', `Packer 1.6 knows nothing of ${missing.join(', ')}.`);
};

/**
 * Keys of images that Packer takes, for it looks at their form: by what Debian's 1.6.6 says, and by ValidateKmsKey of the
 * plugin 1.8.1. Ids and aliases without an ARN work in every partition.
 */
const KEYS: Record<PackerGeneration, RegExp> = {
  '1.6': /^(?!(arn:.*:key\/)?mrk-)(?!arn:(?!aws(-us-gov)?:kms:[a-z]{2}-(gov-)?[a-z]+-\d:))/,
  modern: /^(?!arn:(?!aws(-[a-z]{2}(-gov)?)?:kms:[a-z]{2}-(gov-)?[a-z]+-\d:))/,
};

const demandKey = (key: string, generation: PackerGeneration, ...path: string[]): void => {
  if (KEYS[generation].test(key)) return;
  const field = setting(...path);
  if (KEYS.modern.test(key))
    throw new PlatformError('packer-too-old', `Packer 1.6 takes no KMS key such as ${key}.`, { field });
  const message = `Packer takes no KMS key such as ${key}: give the id or the alias without an ARN.`;
  throw new PlatformError('builder-setting-invalid', message, { field });
};

/** Keys of volumes go to EC2 as they are. */
const demandKeys = (
  { kmsKeyId, regionKmsKeyIds = {} }: AmazonEbsSettings,
  generation: PackerGeneration,
): void => {
  if (kmsKeyId !== undefined) demandKey(kmsKeyId, generation, 'kmsKeyId');
  for (const [region, key] of Object.entries(regionKmsKeyIds))
    demandKey(key, generation, 'regionKmsKeyIds', region);
};

const protectionOf = ({ deregistrationProtection: protection }: AmazonEbsSettings) =>
  protection && { enabled: protection.enabled, with_cooldown: protection.withCooldown };

/** Packer takes keys for exactly the regions that it copies to. */
const keysOf = ({ regionKmsKeyIds = {} }: AmazonEbsSettings, regions: string[]) => {
  const keys = regions.flatMap((region) => {
    const key = regionKmsKeyIds[region];
    return key === undefined ? [] : [[region, key] as const];
  });
  return keys.length === 0 ? undefined : Object.fromEntries(keys);
};

/**
 * What becomes of the image: encryption, copies and who may use it. Throws PlatformError when a setting needs a newer
 * Packer.
 */
export const imageFields = (snapshot: AwsSnapshot, generation: PackerGeneration): TemplateObject => {
  const { settings } = snapshot.builderConfiguration;
  demandGeneration(settings, generation);
  demandKeys(settings, generation);
  const regions = copyRegionsOf(snapshot);
  return {
    ami_description: settings.amiDescription,
    encrypt_boot: settings.encryptBoot,
    kms_key_id: settings.kmsKeyId,
    ami_regions: regions.length === 0 ? undefined : regions,
    region_kms_key_ids: keysOf(settings, regions),
    ami_users: settings.amiUsers,
    ami_org_arns: settings.amiOrgArns,
    ami_ou_arns: settings.amiOuArns,
    snapshot_users: settings.snapshotUsers,
    deprecate_at: settings.deprecateAt,
    deregistration_protection: protectionOf(settings),
  };
};
