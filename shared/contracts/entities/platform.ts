import * as z from 'zod';

const jsonSchema = z
  .record(z.string(), z.unknown())
  .meta({ description: 'JSON Schema (2020-12) of the settings as they are written; secrets are writeOnly' });

/** What a client needs to let people choose a platform and fill in the forms of its connections and builders. */
export const platformListSchema = z
  .object({
    items: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        runsOn: z.string().meta({
          description:
            'cloud: in this deployment, a connector may take over; connector: only there. Open list.',
        }),
        connection: z.object({ schema: jsonSchema }),
        builderTypes: z.array(
          z.object({
            id: z.string(),
            title: z.string(),
            imageTypes: z.array(z.string()).meta({ description: 'Base images that it can start from' }),
            schema: jsonSchema,
          }),
        ),
        imageTypes: z.array(z.string()).meta({ description: 'Of all its builder types' }),
      }),
    ),
  })
  .meta({ id: 'PlatformList' });
export type PlatformList = z.infer<typeof platformListSchema>;
