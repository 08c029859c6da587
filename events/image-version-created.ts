import * as z from 'zod';
import { type ImageVersion, locatorSchema } from '../shared/contracts/entities/image-version.ts';
import { type EventModule, SOURCE } from './event.ts';
import { imageVersionSubject } from './image-version-subject.ts';

const schema = z.object({
  ...imageVersionSubject,
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
