import * as z from 'zod';
import {
  entityBase,
  entityInput,
  idOf,
  noTemplate,
  osFamilySchema,
  plainText,
  templateSafeText,
  uniqueList,
} from '../common.ts';
import { awsRegion } from '../platforms/aws.ts';
import { azureLocation } from '../platforms/azure.ts';
import { fileChecksum, isUsableUrl, shaped } from '../platforms/fields.ts';
import { gcpName, gcpProject, gcpRegion } from '../platforms/gcp.ts';
import { readable } from '../readable.ts';
import { variants } from '../variants.ts';

/** How to log in to a machine started from a base image. */
export const accessSchema = z
  .strictObject({
    communicator: z.enum(['ssh', 'winrm']),
    username: z
      .string()
      .max(128, { abort: true })
      .regex(
        /^([A-Za-z0-9][A-Za-z0-9.-]{0,62}\\)?[A-Za-z_][A-Za-z0-9_.-]{0,63}$/,
        'is no user name: a letter, then letters, digits and _ . -',
      )
      .describe('User to log in as; by WinRM also of a domain: DOMAIN\\user.'),
    port: z.int().min(1).max(65_535).optional(),
  })
  .superRefine(({ communicator, username }, context) => {
    if (communicator === 'ssh' && username.includes('\\'))
      context.addIssue({ code: 'custom', path: ['username'], message: 'names a domain, which is for winrm' });
  });

/** The only tokens of Packer in a boot command: where the files of the unattended installation are served. */
const BOOT_TOKEN = /(?<!\{)\{\{ ?\.(HTTPIP|HTTPPort) ?\}\}(?!\})/g;
const bootLine = plainText(2000).refine(
  (line) => noTemplate(line.replaceAll(BOOT_TOKEN, ' ')),
  'must not hold {{ or }} but for {{ .HTTPIP }} and {{ .HTTPPort }}',
);

const unattended = z
  .strictObject({
    bootCommand: z
      .array(bootLine)
      .max(200)
      .describe('Keys to type when the machine starts, as in Packer: text, <enter>, <wait5>, {{ .HTTPIP }}.'),
    resourceIds: uniqueList(idOf('resource'), 20).describe(
      'Files that the installation reads, such as an answer file: served by HTTP and put on a CD.',
    ),
  })
  .describe('How the system installs itself.');

const anyRegion = shaped(/^[A-Za-z][A-Za-z0-9 -]{1,48}[A-Za-z0-9]$/, 'is no region');
const commonOf = <R extends z.ZodType>(region: R) => ({
  connectionId: idOf('connection').optional().describe('Only for builders of this connection.'),
  region: region.optional().describe('Only for builders in this region.'),
  access: accessSchema.optional().describe('How to log in.'),
  rootDevice: z
    .string()
    .regex(/^\/dev\/[a-z0-9]{2,20}$/, 'is no device name')
    .optional()
    .describe('Device of the system disk, for example /dev/sda1.'),
});
const aws = commonOf(awsRegion);
const azure = commonOf(azureLocation);
const gcp = commonOf(gcpRegion);
const anywhere = commonOf(anyRegion);
const installed = { ...anywhere, unattended: unattended.optional() };

const azureWord = shaped(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'is no name of the Azure marketplace');
const plan = z.strictObject({
  name: azureWord.describe('Name of the plan.'),
  product: azureWord.describe('Product of the plan, most often the offer.'),
  publisher: azureWord.describe('Publisher of the plan.'),
});

/** A URL, or the place of a file in a datastore: `[datastore] iso/x.iso` (vSphere), `store:iso/x.iso` (Proxmox). */
const file = {
  url: shaped(
    /^(https?:\/\/[^\s/?#{}@]+(\/[^\s{}]*)?|file:\/\/\/[^\s{}]+|\[[^\][{}]{1,80}\] ?[^{}]+|[A-Za-z][A-Za-z0-9._-]*:(iso|import)\/[^\s{}]+)$/,
    'is no URL (https, http, file) and no file of a datastore ([datastore] path, store:iso/file)',
  )
    .refine((url) => !/^(https?|file):\/\//.test(url) || isUsableUrl(url), 'is no URL that Packer can use')
    .describe('URL, or file in a datastore: [datastore] iso/x.iso on vSphere, store:iso/x.iso on Proxmox.'),
  checksum: fileChecksum.describe(
    'Checksum of the file, for example sha256:…; file:URL of a list of them; or none.',
  ),
};

const type = <T extends string>(name: T) => ({ type: z.literal(name) });

/** Where one platform finds the base image. */
export const osImageSchema = variants('type', anywhere, [
  z.strictObject({
    ...type('aws-ami'),
    ...aws,
    amiId: z.string().regex(/^ami-[0-9a-f]{8,17}$/, 'is no AMI id'),
  }),
  z.strictObject({
    ...type('aws-ami-filter'),
    ...aws,
    owners: z
      .array(z.string().regex(/^(\d{12}|self|amazon|aws-marketplace)$/, 'is no image owner'))
      .min(1)
      .max(10),
    nameFilter: plainText(256).min(3).describe('Name of the image with * and ?; the newest is taken.'),
  }),
  z.strictObject({
    ...type('aws-ssm-parameter'),
    ...aws,
    parameter: shaped(/^\/[A-Za-z0-9_./-]{1,1010}$/, 'is no name of a parameter').describe(
      'Public or own parameter that holds an AMI id.',
    ),
  }),
  z.strictObject({
    ...type('azure-marketplace'),
    ...azure,
    publisher: azureWord,
    offer: azureWord,
    sku: azureWord,
    version: z
      .string()
      .max(64, { abort: true })
      .regex(/^(latest|\d+\.\d+\.\d+)$/, 'is neither latest nor a version such as 1.0.0')
      .default('latest'),
    plan: plan.optional().describe('Plan, where the image has one; its terms must be accepted.'),
  }),
  z.strictObject({
    ...type('azure-gallery-image'),
    ...azure,
    imageVersionId: shaped(
      /^(\/subscriptions\/[^/\s{}]+\/resourceGroups\/[^/\s{}]+\/providers\/Microsoft\.Compute\/galleries|\/(communityGalleries|sharedGalleries))\/[^/\s{}]+\/images\/[^/\s{}]+\/versions\/(latest|\d+\.\d+\.\d+)$/i,
      'is no resource id of a version of a gallery image',
    ),
  }),
  z.strictObject({ ...type('gcp-family'), ...gcp, projectId: gcpProject, family: gcpName }),
  z.strictObject({ ...type('gcp-image'), ...gcp, projectId: gcpProject, image: gcpName }),
  z.strictObject({ ...type('iso'), ...installed, ...file }),
  z.strictObject({ ...type('disk'), ...installed, ...file }),
  z.strictObject({
    ...type('template'),
    ...installed,
    templateName: templateSafeText(255).min(1).describe('Name or inventory path of the template.'),
  }),
  z.strictObject({
    ...type('image-definition'),
    ...anywhere,
    imageDefinitionId: idOf('image-definition').describe('Its newest image version is the base.'),
  }),
]).meta({ id: 'OperatingSystemImageInput' });
export type OsImage = z.infer<typeof osImageSchema>;

/** Most things that one operating system may refer to: each is a row of the transaction that writes it. */
const MAX_REFERENCES = 30;

/** Every entity that the images refer to, with its place in them. */
export const referencesOfImages = (images: readonly OsImage[]) =>
  images.flatMap((image, at) => [
    ...(image.connectionId === undefined
      ? []
      : [{ pointer: `/images/${at}/connectionId`, kind: 'connection' as const, id: image.connectionId }]),
    ...(image.type === 'image-definition'
      ? [
          {
            pointer: `/images/${at}/imageDefinitionId`,
            kind: 'image-definition' as const,
            id: image.imageDefinitionId,
          },
        ]
      : []),
    ...('unattended' in image ? (image.unattended?.resourceIds ?? []) : []).map((id, place) => ({
      pointer: `/images/${at}/unattended/resourceIds/${place}`,
      kind: 'resource' as const,
      id,
    })),
  ]);

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
    images: operatingSystemFields.images
      .refine(
        (images) => new Set(referencesOfImages(images).map(({ id }) => id)).size <= MAX_REFERENCES,
        `refers to more than ${MAX_REFERENCES} connections, resources and image definitions`,
      )
      .describe(
        'The most specific match for a builder wins: connection and region, connection, region, neither.',
      ),
    supportState: z.enum(['supported', 'deprecated', 'withdrawn']).default('supported'),
  })
  .meta({ id: 'OperatingSystemInput' });
export const operatingSystemSchema = z
  .object({
    ...entityBase('operating-system'),
    ...readable(operatingSystemFields),
    supportState: z.enum(['supported', 'deprecated', 'withdrawn']),
  })
  .meta({ id: 'OperatingSystem' });
export type OperatingSystem = z.infer<typeof operatingSystemSchema>;
