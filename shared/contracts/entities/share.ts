import * as z from 'zod';
import { idOf, timestamp } from '../common.ts';

/** Ids of AWS Organizations as its API reference gives them, and the ARNs that hold them. */
const ORGANIZATION = 'o-[a-z0-9]{10,32}';
const UNIT = 'ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}';
const ARN = String.raw`arn:aws[a-z-]*:organizations::\d{12}`;

const account = z.strictObject({
  type: z.literal('account'),
  id: z
    .string()
    .regex(/^\d{12}$/, 'is no account id: 12 digits')
    .describe('12 digits'),
});
const organization = z.strictObject({
  type: z.literal('organization'),
  id: z
    .string()
    .max(128, { abort: true })
    .regex(
      new RegExp(`^(${ORGANIZATION}|${ARN}:organization/${ORGANIZATION})$`),
      'is no organization: o-…, or its ARN',
    )
    .describe("o-…, or the organization's ARN"),
});
const unit = z.strictObject({
  type: z.literal('organizational-unit'),
  id: z
    .string()
    .max(160, { abort: true })
    .regex(
      new RegExp(`^(${UNIT}|${ARN}:ou/${ORGANIZATION}/${UNIT})$`),
      'is no organizational unit: ou-…, or its ARN',
    )
    .describe("ou-…, or the unit's ARN"),
});

/** Lets somebody else use an image. */
export const shareInput = z
  .strictObject({
    region: z
      .string()
      .max(64, { abort: true })
      .regex(/^[a-z][a-z0-9-]*$/, 'is no region')
      .describe('Where the image is that is shared: one of the regions of its locators'),
    principal: z.discriminatedUnion('type', [account, organization, unit]).meta({ id: 'SharePrincipal' }),
  })
  .meta({ id: 'ShareInput' });
export type ShareInput = z.infer<typeof shareInput>;

/** Who may use an image beside its owner. */
export const shareSchema = z
  .object({
    id: idOf('share'),
    region: z.string(),
    principal: z.object({
      type: z.enum(['account', 'organization', 'organizational-unit']),
      id: z.string(),
    }),
    state: z.enum(['sharing', 'shared', 'unsharing']).meta({
      description:
        'Open list. shared: in force; sharing, unsharing: begun, and the end is not known: repeat what was asked',
    }),
    createdAt: timestamp,
    createdBy: z.string(),
  })
  .meta({ id: 'Share' });
export type Share = z.infer<typeof shareSchema>;
