import * as z from 'zod';
import { type ImageVersion, locatorSchema } from '../shared/contracts/entities/image-version.ts';
import { type EventModule, SOURCE } from './event.ts';

const schema = z.object({
  workspaceId: z.string(),
  imageVersionId: z.string(),
  imageDefinitionId: z.string(),
  runId: z.string(),
  name: z.string(),
  number: z.int(),
  /** Of two events of one image version the one with the higher `rev` is the newer. */
  rev: z.int(),
  locators: z.array(locatorSchema),
});

/** A run succeeded and its image can be used: automation starts here. */
export const imageVersionCreated: EventModule<typeof schema, { workspaceId: string; version: ImageVersion }> =
  {
    detailTypes: ['image-version.created'],
    schema,
    build: ({ workspaceId, version }) => ({
      Source: SOURCE,
      DetailType: 'image-version.created',
      Detail: JSON.stringify(
        schema.parse({ ...version, workspaceId, imageVersionId: version.id, rev: version.rev ?? 1 }),
      ),
    }),
    parse: (detail) => schema.parse(detail),
  };
