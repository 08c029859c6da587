import { awsRules, generalRules } from './rules/aws.ts';
import { azureRules } from './rules/azure.ts';
import { googleRules } from './rules/google.ts';
import { hypervisorRules } from './rules/hypervisors.ts';
import { communicatorRules, packerRules } from './rules/packer.ts';
import type { Rule } from './rules/rule.ts';

export type { Rule } from './rules/rule.ts';

/**
 * In order of weight: a rule further up wins over all further down, whatever the order of the lines. What a step
 * itself did comes first, because a script may print anything, also an error of the platform that it called.
 */
export const rules: readonly Rule[] = [
  ...packerRules,
  ...azureRules,
  ...googleRules,
  ...hypervisorRules,
  ...communicatorRules,
  ...awsRules,
  ...generalRules,
];
