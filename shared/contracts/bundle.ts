import * as z from 'zod';

/** Which of Packer's two template dialects a runner's Packer reads: 1.6.x or 1.15.1 and later. */
export const packerGenerationSchema = z.enum(['1.6', 'modern']);
export type PackerGeneration = z.infer<typeof packerGenerationSchema>;

const filePath = z.string().regex(/^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]*$/);

/** A file of a job. `path` is relative to the job's folder and never leaves it. */
export const bundleFileSchema = z.object({
  path: filePath,
  content: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** An uploaded file that belongs into the job's folder; the claim says where it is fetched from. */
export const bundleDownloadSchema = z.object({
  path: filePath,
  resourceId: z.string(),
  version: z.int(),
  sizeBytes: z.int(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BundleDownload = z.infer<typeof bundleDownloadSchema>;

/** What a claim calls the place of an uploaded file by. */
export const downloadKey = ({
  resourceId,
  version,
}: Pick<BundleDownload, 'resourceId' | 'version'>): string => `${resourceId}/${version}`;

/** A variable of the template and where its value comes from; the value itself is never in the bundle. */
export const bundleVariableSchema = z.object({ name: z.string(), from: z.string() });
export type BundleVariable = z.infer<typeof bundleVariableSchema>;

/** A step as the runner tells of it. */
const bundleStepSchema = z.object({
  index: z.int().min(1),
  name: z.string(),
  /** Limit of one try. */
  timeoutSeconds: z.int().optional(),
  /** The pause before it and all of its tries, each up to its limit. */
  longestSeconds: z.int().optional(),
});

/** Everything a runner gives to Packer: files with their checksums, names of variables, the steps. */
export const jobBundleSchema = z.object({
  schemaVersion: z.literal(1),
  generation: packerGenerationSchema,
  platform: z.string(),
  files: z.array(bundleFileSchema),
  downloads: z.array(bundleDownloadSchema).default([]),
  /** Plugins that Packer ≥ 1.7 needs for it: name to version. */
  plugins: z.record(z.string(), z.string()).default({}),
  variables: z.array(bundleVariableSchema),
  steps: z.array(bundleStepSchema),
});
export type JobBundle = z.infer<typeof jobBundleSchema>;

/** Name of the template's variable that carries the nonce of the step markers; the runner makes the value. */
export const NONCE_VARIABLE = 'goldsmith_nonce';

/**
 * Name of the environment variable with the file that Packer writes the build VM's login to; without it Packer writes
 * none. The runner makes the name, in the job's own folder.
 */
export const LOGIN_FILE_VARIABLE = 'GOLDSMITH_LOGIN_FILE';

/** Folder of a job with certificates (PEM) that Packer and its plugins trust beside the machine's own. */
export const AUTHORITIES_FOLDER = 'authorities';

/**
 * Name of the template's variable with the folder for images that are files of the machine that runs Packer. It outlives
 * the job; the runner makes it and gives the value.
 */
export const IMAGE_FOLDER_VARIABLE = 'image_folder';
