import * as z from 'zod';
import { type ImageVersion, imageVersionSchema } from '../shared/contracts/entities/image-version.ts';
import { type EventModule, SOURCE } from './event.ts';

const state = imageVersionSchema.shape.state;
const schema = z.object({
  workspaceId: z.string(),
  imageVersionId: z.string(),
  imageDefinitionId: z.string(),
  runId: z.string(),
  name: z.string(),
  number: z.int(),
  /** Of two events of one image version the one with the higher `rev` is the newer. */
  rev: z.int(),
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
