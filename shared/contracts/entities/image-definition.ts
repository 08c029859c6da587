import * as z from 'zod';
import { entityBase, entityInput, idOf, timestamp } from '../common.ts';
import { readable } from '../readable.ts';
import { environmentSchema } from './provisioner.ts';

const definitionName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9-]{0,50}$/,
    'begins with a letter, then letters, digits and hyphens, at most 51',
  );

/** Longest a run may take when its definition says nothing: four hours, a Windows build with updates fits. */
export const DEFAULT_TIMEOUT_SECONDS = 4 * 3600;
/** Time limits of a run go from five minutes to a day. */
const MIN_TIMEOUT_SECONDS = 300;
const MAX_TIMEOUT_SECONDS = 86_400;
const timeLimit = z.int().min(MIN_TIMEOUT_SECONDS).max(MAX_TIMEOUT_SECONDS);

const definitionFields = {
  operatingSystemId: idOf('operating-system'),
  builderConfigurationId: idOf('builder-configuration'),
  provisionerRoleId: idOf('provisioner-role'),
  platform: z.string().max(32).optional(),
  connectorId: idOf('connector').optional(),
  variables: environmentSchema.optional(),
  timeoutSeconds: timeLimit.optional().meta({
    description: `Most time of a run, from when its runner takes it. Default: ${DEFAULT_TIMEOUT_SECONDS}.`,
  }),
  silenceTimeoutSeconds: timeLimit.optional().meta({
    description:
      'How long Packer and what it runs may say nothing before the run is ended; at most timeoutSeconds. Default: six hours.',
  }),
  firstNumber: z.int().min(1).max(1_000_000_000).optional(),
};

/** Most warnings of one definition. */
export const MAX_WARNINGS = 50;

/** What could not run now, told when a definition is saved or read. */
export const warningSchema = z.object({ code: z.string(), detail: z.string(), pointer: z.string() });
export type Warning = z.infer<typeof warningSchema>;

/** A silence that is longer than the run could never be reached. */
const silenceFits = (
  { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, silenceTimeoutSeconds = 0 }: Limits,
  context: z.core.$RefinementCtx,
): void => {
  if (silenceTimeoutSeconds <= timeoutSeconds) return;
  const message = `is longer than the run may take: ${timeoutSeconds}`;
  context.addIssue({ code: 'custom', path: ['silenceTimeoutSeconds'], message });
};
type Limits = { timeoutSeconds?: number | undefined; silenceTimeoutSeconds?: number | undefined };

/** Operating system + builder configuration + role: what a run builds. */
export const imageDefinitionInput = z
  .strictObject({ ...entityInput, name: definitionName, ...definitionFields })
  .superRefine(silenceFits)
  .meta({ id: 'ImageDefinitionInput' });
export const imageDefinitionStored = z.object({
  ...entityBase('image-definition'),
  ...readable(definitionFields),
});
export type ImageDefinition = z.infer<typeof imageDefinitionStored>;

/** A definition as it is read: with the state of its latest run and image version. */
export const imageDefinitionSchema = imageDefinitionStored
  .extend({
    status: z.enum(['NoRuns', 'Queued', 'Running', 'Succeeded', 'Failed', 'Stopped']),
    latestRun: z
      .object({
        id: idOf('run'),
        number: z.int(),
        status: z.string(),
        startedAt: timestamp.optional(),
        endedAt: timestamp.optional(),
      })
      .optional(),
    latestImageVersion: z.object({ id: idOf('image-version'), number: z.int(), name: z.string() }).optional(),
    operatingSystemName: z.string().optional(),
    builderConfigurationName: z.string().optional(),
    provisionerRoleName: z.string().optional(),
    warnings: z
      .array(warningSchema)
      .optional()
      .meta({
        description: `What could not run now, at most ${MAX_WARNINGS}: the last, \`more\`, then tells how many there are besides. Codes are an open list.`,
      }),
  })
  .meta({ id: 'ImageDefinition' });
