/** The stages there are. Another deployment is another entry here. */
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { z } from 'zod';
import { packerGenerationSchema } from '../../shared/contracts/bundle.ts';
import { readPackerRelease } from './packer-release.ts';
import { type Stage, type StageInput, stageSchema } from './stage.ts';

/** What the command line says with `-c name=value`. */
const contextShape = {
  stage: z.enum(['dev', 'prod', 'local'], 'say which with -c stage=dev, -c stage=prod or -c stage=local'),
  /** Address of the emulator. */
  localEndpoint: z.url({ protocol: /^http$/, error: 'must be an http address' }).optional(),
  /** Which dialect the Packer of this machine reads. */
  localPackerGeneration: packerGenerationSchema.default('1.6'),
  /** Path of the file that names the Packer to download. */
  packerRelease: z.string().min(1).default('infra/config/packer-release.json'),
};
const contextSchema = z
  .strictObject(contextShape)
  .refine((context) => context.stage !== 'local' || context.localEndpoint !== undefined, {
    path: ['localEndpoint'],
    error: 'the local stage needs the address of the emulator, such as http://127.0.0.1:4566',
  });
type StageContext = z.infer<typeof contextSchema>;

/** What the app asks the CDK for. */
export const contextNames = Object.keys(contextShape);

/**
 * The settings of the stage that the context names.
 * @throws Error in plain words when the context or the settings are not valid.
 */
export function stageFrom(context: unknown): Stage {
  const parsed = contextSchema.safeParse(context);
  if (!parsed.success) throw new Error(`The context is not valid:\n${z.prettifyError(parsed.error)}`);
  const stage = stageSchema.safeParse(stages[parsed.data.stage](parsed.data));
  if (!stage.success) throw new Error(`The stage is not valid:\n${z.prettifyError(stage.error)}`);
  return stage.data;
}

const stages: Record<StageContext['stage'], (context: StageContext) => StageInput> = {
  dev: (context) => ({
    name: 'dev',
    dataOnDelete: 'destroy',
    logRetentionDays: RetentionDays.TWO_WEEKS,
    ...onAws(context),
  }),
  prod: (context) => ({
    name: 'prod',
    dataOnDelete: 'retain',
    logRetentionDays: RetentionDays.ONE_YEAR,
    ...onAws(context),
  }),
  local: ({ localEndpoint, localPackerGeneration }) => ({
    name: 'local',
    dataOnDelete: 'destroy',
    logRetentionDays: RetentionDays.ONE_DAY,
    // Each build has a virtual machine, and a machine of two cores should stay usable.
    poolLimit: 2,
    packer: { source: 'system', generation: localPackerGeneration },
    heartbeatSeconds: 2,
    chunkIntervalMilliseconds: 100,
    ...(localEndpoint !== undefined && { local: { endpoint: localEndpoint } }),
  }),
};

/** Five seconds and half a second: live enough to watch, and 200 calls a second for 100 builds. */
const onAws = ({ packerRelease }: StageContext) => ({
  packer: { source: 'download', generation: 'modern', ...readPackerRelease(packerRelease) } as const,
  heartbeatSeconds: 5,
  chunkIntervalMilliseconds: 500,
});
