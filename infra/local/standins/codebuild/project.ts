/** The CodeBuild projects that CloudFormation made in the emulator. */
import { z } from 'zod';
import { variableSchema } from './build.ts';
import { NotFoundError } from './errors.ts';
import { EMULATOR_CREDENTIALS } from './source.ts';

const projectSchema = z.object({
  name: z.string(),
  source: z.object({
    type: z.string(),
    location: z.string().optional(),
    buildspec: z.string().optional(),
  }),
  environment: z.object({
    type: z.string().default('LINUX_CONTAINER'),
    image: z.string().default(''),
    computeType: z.string().default('BUILD_GENERAL1_SMALL'),
    environmentVariables: z.array(variableSchema).default([]),
    privilegedMode: z.boolean().default(false),
  }),
  serviceRole: z.string().default(''),
  // AWS's defaults; the emulator forgets the queued one.
  timeoutInMinutes: z.number().default(60),
  queuedTimeoutInMinutes: z.number().default(480),
});
export type Project = z.infer<typeof projectSchema>;

export type ReadProject = (name: string) => Promise<Project>;

/**
 * A function that reads a project from the emulator.
 * It throws NotFoundError for an unknown one, the SDK's error when the emulator cannot be reached.
 */
export function projectReader(emulatorEndpoint: string, region: string): ReadProject {
  return async (name) => {
    // Loaded at the first build: it takes longer than the stand-in's whole start.
    const { BatchGetProjectsCommand, CodeBuildClient } = await import('@aws-sdk/client-codebuild');
    const client = new CodeBuildClient({
      endpoint: emulatorEndpoint,
      region,
      credentials: EMULATOR_CREDENTIALS,
    });
    try {
      const { projects } = await client.send(new BatchGetProjectsCommand({ names: [name] }));
      const [project] = projects ?? [];
      if (project === undefined) throw new NotFoundError(`Project cannot be found: ${name}`);
      return projectSchema.parse(project);
    } finally {
      client.destroy();
    }
  };
}
