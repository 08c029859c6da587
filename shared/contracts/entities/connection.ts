import * as z from 'zod';
import { entityBase, entityInput } from '../common.ts';
import { awsConnectionSettings, awsTags } from '../platforms/aws.ts';
import { secretInput, secretOutput, secretStored } from '../secret.ts';

const connectionFields = <S extends z.ZodType>(secret: S) => ({
  platform: z.literal('aws'),
  settings: awsConnectionSettings(secret),
  imageTags: awsTags.optional(),
  temporaryResourceTags: awsTags.optional(),
});

/** How to reach a cloud account; the external id of a role is made by the server and only read. */
export const connectionInput = z
  .strictObject({ ...entityInput, ...connectionFields(secretInput) })
  .meta({ id: 'ConnectionInput' });
export const connectionSchema = z
  .object({
    ...entityBase('connection'),
    ...connectionFields(secretOutput),
    externalId: z.string().optional(),
  })
  .meta({ id: 'Connection' });
export const connectionStored = z.object({
  ...entityBase('connection'),
  ...connectionFields(secretStored),
  externalId: z.string().optional(),
});
export type ConnectionInput = z.infer<typeof connectionInput>;
