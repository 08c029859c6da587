import * as z from 'zod';
import { type ImageVersion, imageVersionSchema } from '../shared/contracts/entities/image-version.ts';
import { type EventModule, SOURCE } from './event.ts';
import { imageVersionSubject } from './image-version-subject.ts';

const state = imageVersionSchema.shape.state;
const schema = z.object({
  ...imageVersionSubject,
  state,
  previousState: state,
});

type Subject = { workspaceId: string; version: ImageVersion; previousState: ImageVersion['state'] };

/** An image version has another state: its image is gone, or there again. */
export const imageVersionChanged: EventModule<typeof schema, Subject> = {
  detailTypes: ['image-version.changed'],
  schema,
  build: ({ workspaceId, version, previousState }) => ({
    Source: SOURCE,
    DetailType: 'image-version.changed',
    Detail: JSON.stringify(
      schema.parse({
        ...version,
        workspaceId,
        imageVersionId: version.id,
        rev: version.rev ?? 1,
        previousState,
      }),
    ),
  }),
  parse: (detail) => schema.parse(detail),
};
