import * as z from 'zod';

const sysprepScriptSchema = z
  .object({
    id: z.string().meta({ description: 'aws, azure, gcp, on-premises. Open list.' }),
    title: z.string(),
    platforms: z.array(z.string()).meta({ description: 'Ids of the platforms that it is for' }),
    addedByItself: z.boolean().meta({
      description:
        'Whether it is the last step of every Windows run there. Else it is an example to make a provisioner of.',
    }),
    sizeBytes: z.int(),
    sha256: z.string(),
    url: z.string().meta({ description: 'Path of its text' }),
  })
  .meta({ id: 'SysprepScript' });

/** The scripts that make Windows ready to become an image: each with the checksum of the very bytes that run. */
export const sysprepScriptListSchema = z
  .object({ items: z.array(sysprepScriptSchema) })
  .meta({ id: 'SysprepScriptList' });
export type SysprepScriptList = z.infer<typeof sysprepScriptListSchema>;
