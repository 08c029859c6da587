import * as z from 'zod';
import type { IdKind } from '../common.ts';

/** Kinds that carry tags, by their word in the path. */
const taggedWords = [
  'connections',
  'operating-systems',
  'builder-configurations',
  'resources',
  'provisioners',
  'provisioner-groups',
  'provisioner-roles',
  'image-definitions',
  'connectors',
  'schedules',
  'api-tokens',
] as const;
type TaggedWord = (typeof taggedWords)[number];

export const taggedKinds = {
  connections: 'connection',
  'operating-systems': 'operating-system',
  'builder-configurations': 'builder-configuration',
  resources: 'resource',
  provisioners: 'provisioner',
  'provisioner-groups': 'provisioner-group',
  'provisioner-roles': 'provisioner-role',
  'image-definitions': 'image-definition',
  connectors: 'connector',
  schedules: 'schedule',
  'api-tokens': 'api-token',
} as const satisfies Record<TaggedWord, IdKind>;

export const tagQuery = z.strictObject({
  kind: z.enum(taggedWords).optional().meta({ description: 'Of one kind only; without it of all kinds' }),
});
export type TagQuery = z.infer<typeof tagQuery>;

/** Each tag key in use with its values, both in ascending order. */
export const tagsInUseSchema = z.record(z.string(), z.array(z.string())).meta({
  id: 'TagsInUse',
  description:
    'Some are left out only where the answer has the header Goldsmith-Incomplete: true (beyond 16 MB of tags in use, or 4 MB of distinct ones). Then ask kind by kind.',
});
export type TagsInUse = z.infer<typeof tagsInUseSchema>;
