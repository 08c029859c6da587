import * as z from 'zod';
import { entityBase, entityInput, idOf } from '../common.ts';
import { amazonEbsSettings } from '../platforms/aws.ts';

const builderFields = {
  platform: z.literal('aws'),
  builderType: z.literal('amazon-ebs'),
  connectionId: idOf('connection'),
  runnerPoolId: z.literal('cloud').optional().meta({ description: 'the cloud pool of the deployment' }),
  connectorId: z.string().max(64).optional(),
  settings: amazonEbsSettings,
};

/** Where and with what VM an image is built. */
export const builderConfigurationInput = z
  .strictObject({
    ...entityInput,
    ...builderFields,
    network: z.enum(['public', 'private']).default('public'),
  })
  .meta({ id: 'BuilderConfigurationInput' });
export const builderConfigurationSchema = z
  .object({
    ...entityBase('builder-configuration'),
    ...builderFields,
    network: z.enum(['public', 'private']),
  })
  .meta({ id: 'BuilderConfiguration' });
export type BuilderConfiguration = z.infer<typeof builderConfigurationSchema>;
