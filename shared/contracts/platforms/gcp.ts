import * as z from 'zod';
import { mapOf, templateSafeText } from '../common.ts';
import {
  blame,
  flag,
  loginFields,
  namedByRun,
  oneOf,
  type SettingsRule,
  shaped,
  span,
  tagsOf,
  text,
  whole,
  written,
} from './fields.ts';

/** `my-project-1`, or a domain's `example.com:my-project-1`. */
export const gcpProject = shaped(
  /^([a-z0-9.-]{1,63}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
  'is no project id: 6 to 30 lower-case letters, digits and hyphens',
);
/** Names of images, families, instances and networks: RFC 1035. */
export const gcpName = shaped(
  /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
  'is no name of Google Cloud: at most 63 lower-case letters, digits and hyphens, beginning with a letter',
);
/** A region such as `europe-west1`. */
export const gcpRegion = shaped(/^[a-z]+-[a-z]+\d{1,2}$/, 'is no region such as europe-west1');
const zone = shaped(/^[a-z]+-[a-z]+\d{1,2}-[a-z]$/, 'is no zone such as europe-west1-b');
const account = shaped(/^[a-z0-9._-]{1,64}@[a-z0-9.-]{3,190}$/, 'is no e-mail address of a service account');
const url = String.raw`https://[a-z0-9.-]+/[a-zA-Z0-9/._-]+`;
/** A network or subnetwork by name, by its path in a project or by its URL. */
const networkRef = shaped(
  new RegExp(`^([a-z]([a-z0-9-]{0,61}[a-z0-9])?|projects/[a-zA-Z0-9/._:-]+|${url})$`),
  'is no name, path or URL of a network',
);
const kmsKey = shaped(
  /^projects\/[^/\s{}]+\/locations\/[^/\s{}]+\/keyRings\/[^/\s{}]+\/cryptoKeys\/[^/\s{}]+(\/cryptoKeyVersions\/\d+)?$/,
  'is no resource name of a KMS key',
);

/** Labels on the finished image and on what a build makes for a while: lower case, by the rules of Google Cloud. */
export const gcpLabels = tagsOf(
  z
    .string()
    .regex(/^\p{Ll}[\p{Ll}0-9_-]{0,62}$/u, 'is no label key: at most 63 lower-case letters, digits, _ and -'),
  z
    .string()
    .regex(/^[\p{Ll}0-9_-]{0,63}$/u, 'is no label value: at most 63 lower-case letters, digits, _ and -'),
);

/** What makes a JSON file a key of a service account; Google's libraries read these fields. */
const keyFile = z.looseObject({
  type: z.literal('service_account'),
  project_id: z.string().min(1),
  private_key: z.string().includes('PRIVATE KEY'),
  client_email: z.email(),
  // Packer's library would send what it signs wherever these say.
  token_uri: z.literal('https://oauth2.googleapis.com/token').optional(),
  universe_domain: z.literal('googleapis.com').optional(),
});

/** Whether a text is the key file of a service account, as `gcloud iam service-accounts keys create` writes it. */
export const isServiceAccountKey = (value: string): boolean => {
  try {
    return keyFile.safeParse(JSON.parse(value)).success;
  } catch {
    return false;
  }
};

/** Settings of a Google Cloud connection; `key` is the form that the key file of a service account has there. */
export const gcpConnectionSettings = <S extends z.ZodType>(key: S) =>
  z.strictObject({
    projectId: gcpProject.describe('Project that builds run in and images are made in.'),
    auth: z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('service-account-key'),
        credentialsJson: key.describe('Key file of a service account: the whole JSON text.'),
      }),
      z.strictObject({
        type: z.literal('workload-identity'),
        provider: shaped(
          /^projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{4,32}$/,
          'is no workload identity provider: projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER',
        ).describe('Workload identity provider that trusts this deployment.'),
        serviceAccountEmail: account.describe('Service account that is used through it.'),
      }),
    ]),
  });

const encryptionKey = z.strictObject({ kmsKeyName: kmsKey.describe('Key of Cloud KMS.') });

const buildFields = {
  zone: zone.describe('Zone of the build VM, for example europe-west1-b.'),
  region: gcpRegion.optional().describe("Region of the build VM. Default: the zone's."),
  machineType: shaped(/^[a-z][a-z0-9-]{2,62}$/, 'is no machine type such as e2-standard-2')
    .optional()
    .describe('Machine type of the build VM. Default: e2-standard-2.'),
  diskSize: whole(10, 65_536, 'Size of the system disk, GB. Default: 20.'),
  diskType: shaped(/^[a-z][a-z0-9-]{2,40}$/, 'is no disk type such as pd-balanced')
    .optional()
    .describe('Type of the system disk. Default: pd-standard.'),
  diskEncryptionKey: encryptionKey.optional().describe('Key of the system disk. Default: one of Google.'),
  imageFamily: gcpName.optional().describe('Family that the image belongs to. Default: none.'),
  imageDescription: text(2048, 'Description of the image. Default: Created by Packer.'),
  imageProjectId: gcpProject
    .optional()
    .describe("Project that the image is made in. Default: the connection's."),
  imageStorageLocations: z
    .array(shaped(/^[a-z]+(-[a-z]+\d{1,2})?$/, 'is no storage location such as eu or europe-west1'))
    .min(1)
    .max(1)
    .optional()
    .describe('Where the image is kept: one region or multi-region. Default: the one nearest to the zone.'),
  imageEncryptionKey: encryptionKey.optional().describe('Key of the image. Default: one of Google.'),
  imageLicenses: z
    .array(shaped(/^[A-Za-z0-9/._:-]{1,300}$/, 'is no licence'))
    .max(20)
    .optional()
    .describe('Licences put on the image.'),
  imageGuestOsFeatures: z
    .array(shaped(/^[A-Z][A-Z0-9_]{2,60}$/, 'is no guest OS feature such as UEFI_COMPATIBLE'))
    .max(20)
    .optional()
    .describe('Guest OS features put on the image.'),
  network: networkRef.optional().describe('Network of the build VM. Default: default.'),
  subnetwork: networkRef
    .optional()
    .describe('Subnetwork, in the region of the zone. Needed with custom subnets.'),
  networkProjectId: gcpProject
    .optional()
    .describe("Project of the network (shared VPC). Default: the connection's."),
  networkIp: z.ipv4().optional().describe('Reserved internal address. Default: any.'),
  address: gcpName.optional().describe('Name of a reserved external address. Default: a new one.'),
  tags: z.array(gcpName).max(60).optional().describe('Network tags of the build VM, for firewall rules.'),
  useInternalIp: flag('Reach the build VM by its internal address. Default: false.'),
  omitExternalIp: flag('Give the build VM no external address; needs useInternalIp. Default: false.'),
  useIap: flag('Reach the build VM through Identity-Aware Proxy. Default: false.'),
  useOsLogin: flag('Log in by OS Login. Default: false.'),
  serviceAccountEmail: account
    .optional()
    .describe("Service account of the build VM. Default: the project's."),
  disableDefaultServiceAccount: flag('No service account on the build VM. Default: false.'),
  scopes: z
    .array(shaped(/^https:\/\/www\.googleapis\.com\/auth\/[a-z0-9._-]+$/, 'is no scope'))
    .max(30)
    .optional()
    .describe('Scopes of the service account. Default: user info, compute, storage.'),
  metadata: mapOf(
    z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'is no metadata key'),
    templateSafeText(65_536),
    50,
    'entries',
  )
    .optional()
    .describe('Metadata of the build VM; all values are text.'),
  minCpuPlatform: templateSafeText(64)
    .min(1)
    .optional()
    .describe('Least CPU platform, for example Intel Ice Lake.'),
  preemptible: flag('Build on a preemptible VM. Default: false.'),
  onHostMaintenance: oneOf(
    ['MIGRATE', 'TERMINATE'],
    'What happens when the host is maintained. Default: MIGRATE.',
  ),
  acceleratorType: shaped(/^[A-Za-z0-9/._:-]{1,300}$/, 'is no accelerator type')
    .optional()
    .describe('GPU of the build VM; needs onHostMaintenance TERMINATE.'),
  acceleratorCount: whole(1, 16, 'Number of GPUs. Default: none.'),
  enableSecureBoot: flag('Shielded VM with secure boot. Default: false.'),
  enableVtpm: flag('Shielded VM with a virtual TPM. Default: false.'),
  enableIntegrityMonitoring: flag('Shielded VM with integrity monitoring; needs enableVtpm. Default: false.'),
  enableNestedVirtualization: flag('Nested virtualisation. Default: false.'),
  stateTimeout: span('How long to wait for a change of the build VM. Default: 5m.'),
  windowsPasswordTimeout: span('How long to wait for the Windows password. Default: 3m.'),
};

/** Arguments of Packer's `googlecompute` builder. */
export const googlecomputeSettings = <S extends z.ZodType>(secret: S) =>
  z.strictObject({ ...buildFields, ...loginFields(secret) });

type Placed = {
  zone: string;
  region?: string | undefined;
  address?: unknown;
  omitExternalIp?: boolean | undefined;
  useInternalIp?: boolean | undefined;
};
const placeRule: SettingsRule<Placed> = (settings, issues) => {
  if (settings.omitExternalIp === true && settings.useInternalIp !== true)
    blame(issues, 'useInternalIp', 'must be true when omitExternalIp is');
  if (settings.omitExternalIp === true && settings.address !== undefined)
    blame(issues, 'address', 'is not possible together with omitExternalIp');
  if (settings.region !== undefined && !settings.zone.startsWith(`${settings.region}-`))
    blame(issues, 'region', 'is not the region of the zone');
};

type Machine = {
  acceleratorType?: unknown;
  acceleratorCount?: unknown;
  preemptible?: boolean | undefined;
  onHostMaintenance?: string | undefined;
  disableDefaultServiceAccount?: boolean | undefined;
  serviceAccountEmail?: unknown;
  enableIntegrityMonitoring?: boolean | undefined;
  enableVtpm?: boolean | undefined;
};
const machineRule: SettingsRule<Machine> = (settings, issues) => {
  const { acceleratorType: type, acceleratorCount: count, onHostMaintenance: maintenance } = settings;
  if (type === undefined && count !== undefined)
    blame(issues, 'acceleratorType', 'acceleratorCount needs it');
  if (type !== undefined && count === undefined)
    blame(issues, 'acceleratorCount', 'acceleratorType needs it');
  if (settings.preemptible === true && maintenance === 'MIGRATE')
    blame(issues, 'onHostMaintenance', 'must be TERMINATE for a preemptible VM');
  if (count !== undefined && settings.preemptible !== true && maintenance !== 'TERMINATE')
    blame(issues, 'onHostMaintenance', 'must be TERMINATE for a VM with GPUs');
  if (settings.disableDefaultServiceAccount === true && settings.serviceAccountEmail !== undefined)
    blame(issues, 'serviceAccountEmail', 'is not possible together with disableDefaultServiceAccount');
  if (settings.enableIntegrityMonitoring === true && settings.enableVtpm !== true)
    blame(issues, 'enableVtpm', 'must be true when enableIntegrityMonitoring is');
};

/** Arguments of `googlecompute` as they are written. */
export const googlecomputeInput = <S extends z.ZodType>(secret: S) =>
  written(googlecomputeSettings(secret), {
    rule: (settings, issues) => {
      placeRule(settings, issues);
      machineRule(settings, issues);
    },
    notOurs: namedByRun('imageName', 'instanceName', 'diskName'),
  });
