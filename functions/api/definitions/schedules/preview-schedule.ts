import type * as z from 'zod';
import type { schedulePreviewInput } from '../../../../shared/contracts/entities/schedule.ts';
import { ruleErrors, toleranceErrors } from '../../../../shared/domain/schedule/check.ts';
import { expressionOf } from '../../../../shared/domain/schedule/expression.ts';
import { nextFirings } from '../../../../shared/domain/schedule/firings.ts';
import type { Answer } from '../../../../shared/runtime/api/operation.ts';
import { brokenRules } from '../../../../shared/runtime/api/problem.ts';
import { now } from '../../../../shared/runtime/ids.ts';

/** What a schedule would do if it were saved now. Refuses what a create would refuse, but asks for no definitions. */
export const previewSchedule = async (call: {
  body: z.output<typeof schedulePreviewInput>;
}): Promise<Answer> => {
  const { body } = call;
  const time = now();
  const broken = [...ruleErrors(body, time), ...toleranceErrors(body)];
  if (broken.length > 0) throw brokenRules(broken);
  const { expression, timeZone } = expressionOf(body);
  const items = nextFirings(body, { after: time, countsFrom: time, count: 5 });
  return { body: { items, expression, expressionTimeZone: timeZone } };
};
