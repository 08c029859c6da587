import * as z from 'zod';
import { packerGenerationSchema } from '../bundle.ts';

/** Which Packer a template is for; by default that of the deployment's runners. */
export const templateQuery = z.strictObject({ packer: packerGenerationSchema.optional() });

const path = z.string().meta({ description: 'Relative to one folder of your own' });

/** Everything that a run gives to Packer: put the files into a folder, set the variables, run Packer there. */
export const templateSchema = z
  .object({
    packer: z.string().meta({ description: '1.6, or modern: 1.15.1 and later' }),
    files: z.array(z.object({ path, content: z.string() })),
    downloads: z
      .array(
        z.object({
          path,
          url: z.url().meta({ description: 'Good for an hour' }),
          sizeBytes: z.int(),
          sha256: z.string(),
        }),
      )
      .meta({ description: 'Uploaded files that belong beside them' }),
    variables: z
      .array(
        z.object({
          name: z.string(),
          from: z.string().meta({
            description:
              "Whose secret it carries: kind, id, field. runner: Goldsmith's runner makes it; of your own take for " +
              'goldsmith_nonce any word, for image_folder a folder, and in place of identity_url and identity_token ' +
              'write credentials of yours into the source',
          }),
        }),
      )
      .meta({ description: 'Give each as PKR_VAR_<name> in the environment; no value is in this answer' }),
    steps: z.array(z.object({ index: z.int(), name: z.string(), timeoutSeconds: z.int().optional() })),
    commands: z.array(z.string()).meta({ description: 'What to run in that folder, in order' }),
  })
  .meta({ id: 'Template' });
export type Template = z.infer<typeof templateSchema>;
