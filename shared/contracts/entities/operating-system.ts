import * as z from 'zod';
import { entityBase, entityInput, idOf, osFamilySchema, plainText } from '../common.ts';
import { awsRegion } from '../platforms/aws.ts';

/** How to log in to a machine started from a base image. */
export const accessSchema = z.strictObject({
  communicator: z.enum(['ssh', 'winrm']),
  username: z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,31}$/, 'is no user name'),
  port: z.int().min(1).max(65_535).optional(),
});

const imageCommon = {
  connectionId: idOf('connection').optional(),
  region: awsRegion.optional(),
  access: accessSchema.optional(),
  rootDevice: z
    .string()
    .regex(/^\/dev\/[a-z0-9]{2,20}$/, 'is no device name')
    .optional(),
};

/** Where one platform finds the base image. */
export const osImageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('aws-ami'),
    ...imageCommon,
    amiId: z.string().regex(/^ami-[0-9a-f]{8,17}$/, 'is no AMI id'),
  }),
  z.strictObject({
    type: z.literal('aws-ami-filter'),
    ...imageCommon,
    owners: z
      .array(z.string().regex(/^(\d{12}|self|amazon|aws-marketplace)$/, 'is no image owner'))
      .min(1)
      .max(10),
    nameFilter: plainText(256).min(3),
  }),
]);
export type OsImage = z.infer<typeof osImageSchema>;

const operatingSystemFields = {
  family: osFamilySchema,
  distribution: plainText(64).min(1),
  version: plainText(64).min(1),
  architecture: z.enum(['x86_64', 'arm64']),
  images: z.array(osImageSchema).min(1).max(30),
};

/** A base image: family, version, architecture and where each platform finds it. */
export const operatingSystemInput = z
  .strictObject({
    ...entityInput,
    ...operatingSystemFields,
    supportState: z.enum(['supported', 'deprecated', 'withdrawn']).default('supported'),
  })
  .meta({ id: 'OperatingSystemInput' });
export const operatingSystemSchema = z
  .object({
    ...entityBase('operating-system'),
    ...operatingSystemFields,
    supportState: z.enum(['supported', 'deprecated', 'withdrawn']),
  })
  .meta({ id: 'OperatingSystem' });
export type OperatingSystem = z.infer<typeof operatingSystemSchema>;
