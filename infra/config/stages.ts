/** The stages there are. Another deployment is another entry here. */
import { z } from 'zod';
import { readPackerRelease } from './packer-release.ts';
import { type Stage, type StageInput, stageSchema } from './stage.ts';

/** What the command line says with `-c name=value`. */
export const contextSchema = z
  .strictObject({
    stage: z.enum(['dev', 'prod', 'local'], 'say which with -c stage=dev, -c stage=prod or -c stage=local'),
    localEndpoint: z.url({ protocol: /^http$/, error: 'must be an http address' }).optional(),
    localPackerGeneration: z.enum(['1.6', 'modern']).default('1.6'),
    packerRelease: z.string().min(1).default('infra/config/packer-release.json'),
  })
  .refine((context) => context.stage !== 'local' || context.localEndpoint !== undefined, {
    path: ['localEndpoint'],
    error: 'the local stage needs the address of the emulator, such as http://127.0.0.1:4566',
  });
export type StageContext = z.infer<typeof contextSchema>;

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
    logRetentionDays: 14,
    ...onAws(context),
  }),
  prod: (context) => ({
    name: 'prod',
    dataOnDelete: 'retain',
    logRetentionDays: 365,
    ...onAws(context),
  }),
  local: ({ localEndpoint, localPackerGeneration }) => ({
    name: 'local',
    dataOnDelete: 'destroy',
    logRetentionDays: 1,
    // Enough for a machine of two cores: a build is mostly waiting.
    poolLimit: 4,
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
