import * as z from 'zod';
import { mapOf, uniqueList } from '../common.ts';
import { blame, flag, type SettingsRule, shaped, text } from './fields.ts';

/** `eu-central-1`, `us-gov-west-1`: what an AWS region's name looks like. */
export const awsRegion = z
  .string()
  .max(32, { abort: true })
  .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is no AWS region');

/** Id (also of a multi-Region key), alias or ARN of either, as Packer's own check takes them. */
export const kmsKey = shaped(
  /^((arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/)?(mrk-)?[0-9a-f][0-9a-f-]{7,63}|(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:)?alias\/[A-Za-z0-9:/_-]{1,256})$/,
  'is no KMS key: an id, an alias/… or the ARN of either',
);

const accountId = shaped(/^\d{12}$/, 'is no account id: 12 digits');
/** Forms of the API of AWS Organizations. */
const organizationArn = shaped(
  /^arn:aws[a-z-]*:organizations::\d{12}:organization\/o-[a-z0-9]{10,32}$/,
  'is no ARN of an organization',
);
const unitArn = shaped(
  /^arn:aws[a-z-]*:organizations::\d{12}:ou\/o-[a-z0-9]{10,32}\/ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$/,
  'is no ARN of an organizational unit',
);

const NEWER = 'Needs a deployment with a current Packer.';
/** Regions of AWS are some forty; nobody shares with more at once than a request takes. */
const MAX_REGIONS = 40;
const MAX_SHARES = 100;

const deregistrationProtection = z.strictObject({
  enabled: z.boolean().describe('Refuse to deregister the image until somebody takes the protection away.'),
  withCooldown: flag('Keep the protection for 24 hours after it was taken away. Default: false.'),
});

/** What becomes of the image: encryption, copies, who may use it, how long. */
export const imageFields = {
  encryptBoot: flag("Encrypt the image's snapshots. Default: that of the base image and the account."),
  kmsKeyId: kmsKey
    .optional()
    .describe("KMS key of the image's snapshots; needs encryptBoot. Default: the account's."),
  amiRegions: uniqueList(awsRegion, MAX_REGIONS)
    .optional()
    .describe('Further regions that the image is copied to. Default: none.'),
  regionKmsKeyIds: mapOf(awsRegion, kmsKey, MAX_REGIONS, 'regions')
    .optional()
    .describe('KMS key of the copy in each of amiRegions; with encryptBoot each region needs one.'),
  amiUsers: uniqueList(accountId, MAX_SHARES)
    .optional()
    .describe('Accounts that may start machines from the image and its copies. Default: none.'),
  amiOrgArns: uniqueList(organizationArn, MAX_SHARES)
    .optional()
    .describe(`Organizations that may use the image and its copies. ${NEWER} Default: none.`),
  amiOuArns: uniqueList(unitArn, MAX_SHARES)
    .optional()
    .describe(`Organizational units that may use the image and its copies. ${NEWER} Default: none.`),
  snapshotUsers: uniqueList(accountId, MAX_SHARES)
    .optional()
    .describe("Accounts that may make volumes from the image's snapshots. Default: none."),
  deprecateAt: z.iso
    .datetime({ precision: 0, error: 'is no time such as 2030-01-31T12:00:00Z' })
    .optional()
    .describe(`From when the image is deprecated, at most ten years ahead, UTC. ${NEWER} Default: never.`),
  deregistrationProtection: deregistrationProtection
    .optional()
    .describe(`Protection of the image from being deregistered. ${NEWER} Default: none.`),
  amiDescription: text(255, 'Description of the image. Default: none.'),
};
const imageSettings = z.object({ region: awsRegion.optional(), ...imageFields });
type ImageSettings = z.infer<typeof imageSettings>;

/** Settings that let others use the image or its snapshots. */
export const shareFields = ['amiUsers', 'amiOrgArns', 'amiOuArns', 'snapshotUsers'] as const;

const copyRule: SettingsRule<ImageSettings> = (settings, issues) => {
  const { region, amiRegions = [], regionKmsKeyIds = {}, encryptBoot } = settings;
  for (const [at, one] of amiRegions.entries())
    if (one === region) blame(issues, ['amiRegions', at], 'is the region that is built in');
  for (const one of Object.keys(regionKmsKeyIds))
    if (!amiRegions.includes(one)) blame(issues, ['regionKmsKeyIds', one], 'is none of amiRegions');
  if (settings.regionKmsKeyIds !== undefined && encryptBoot !== true)
    blame(issues, 'regionKmsKeyIds', 'needs encryptBoot');
  const without = amiRegions.filter((one) => !Object.hasOwn(regionKmsKeyIds, one));
  if (encryptBoot === true && without.length > 0)
    blame(issues, 'regionKmsKeyIds', `lacks the key of ${without.join(', ')}: the copies are encrypted, too`);
};

const keyRule: SettingsRule<ImageSettings> = (settings, issues) => {
  const { encryptBoot, kmsKeyId } = settings;
  if (kmsKeyId !== undefined && encryptBoot !== true) blame(issues, 'kmsKeyId', 'needs encryptBoot');
  if (encryptBoot !== true || kmsKeyId !== undefined) return;
  for (const field of shareFields)
    if ((settings[field] ?? []).length > 0)
      blame(
        issues,
        field,
        "is not possible with encryptBoot and no kmsKeyId: an image under the account's default key cannot be shared",
      );
};

/** Rules over what becomes of the image, those of Packer and of EC2. */
export const imageRule: SettingsRule<ImageSettings> = (settings, issues) => {
  keyRule(settings, issues);
  copyRule(settings, issues);
};
