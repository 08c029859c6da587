import * as z from 'zod';

const lacksVariant = (
  issues: readonly { code?: string | undefined; note?: unknown; path?: unknown }[],
): boolean =>
  issues.some((issue) => issue.code === 'invalid_union' && issue.note === 'No matching discriminator');

/**
 * One of several shapes, told apart by the field `key`. When that field is missing or unknown nobody can say which
 * shape was meant, but `always` holds for all of them: its faults are named at once with that of the field.
 */
export const variants = <
  K extends string,
  const T extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]],
>(
  key: K,
  always: z.core.$ZodShape,
  options: T,
) => {
  const common = z.object(always);
  return z.discriminatedUnion(key, options).superRefine(
    (value, context) => {
      if (!lacksVariant(context.issues)) return;
      for (const issue of common.safeParse(value).error?.issues ?? [])
        context.addIssue({ ...issue, code: 'custom' });
    },
    { when: () => true },
  );
};
