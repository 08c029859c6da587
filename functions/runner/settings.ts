import { tmpdir } from 'node:os';
import path from 'node:path';
import * as z from 'zod';

const environmentSchema = z.object({
  GOLDSMITH_API_URL: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
  GOLDSMITH_WORKSPACE_ID: z.string().min(1),
  GOLDSMITH_RUN_ID: z.string().min(1),
  GOLDSMITH_CLAIM_TOKEN: z.string().min(1),
  CODEBUILD_BUILD_ID: z.string().min(1).max(255).optional(),
  GOLDSMITH_PACKER: z.string().min(1).default('packer'),
  GOLDSMITH_WORK_DIR: z.string().min(1).optional(),
  GOLDSMITH_IMAGE_FOLDER: z.string().min(1).optional(),
});

export type Settings = {
  apiUrl: string;
  workspaceId: string;
  runId: string;
  claimToken: string;
  /** CodeBuild's name of the build that this runner is in. */
  buildId: string | undefined;
  packer: string;
  workDir: string;
  /** Where images go that are files of this machine. */
  imageFolder: string;
};

/**
 * Reads what the runner was started with and takes the claim token out of `environment`, so that no process the
 * runner starts can see it. Throws with the names of what is missing or wrong, never with a value.
 */
export const readSettings = (environment: NodeJS.ProcessEnv): Settings => {
  const parsed = environmentSchema.safeParse(environment);
  delete environment['GOLDSMITH_CLAIM_TOKEN'];
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))];
    throw new Error(`These environment variables are missing or not valid: ${names.join(', ')}`);
  }
  const values = parsed.data;
  const workDir = values.GOLDSMITH_WORK_DIR ?? tmpdir();
  return {
    apiUrl: values.GOLDSMITH_API_URL,
    buildId: values.CODEBUILD_BUILD_ID,
    workspaceId: values.GOLDSMITH_WORKSPACE_ID,
    runId: values.GOLDSMITH_RUN_ID,
    claimToken: values.GOLDSMITH_CLAIM_TOKEN,
    // Packer runs in a folder of its own: a path must not depend on where the runner was started.
    packer: values.GOLDSMITH_PACKER.includes('/')
      ? path.resolve(values.GOLDSMITH_PACKER)
      : values.GOLDSMITH_PACKER,
    workDir,
    imageFolder: path.resolve(values.GOLDSMITH_IMAGE_FOLDER ?? path.join(workDir, 'goldsmith', 'images')),
  };
};
