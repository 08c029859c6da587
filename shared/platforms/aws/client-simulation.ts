import {
  type ContextEntry,
  type EvaluationResult,
  paginateSimulatePrincipalPolicy,
} from '@aws-sdk/client-iam';
import { iamOf } from './client-iam-session.ts';
import type { Session } from './client-session.ts';

/** An action, what it is done to (nothing: anything), and what policies may ask about the request. */
export type Question = { action: string; resources: string[]; context: ContextEntry[] };
/** `unknown`: the policies go by something that nobody can tell before the request is made. */
export type Simulated = { outcome: 'allowed' | 'denied' | 'unknown'; missing: string[] };

/** What policies ask about tags and place, with the values that a run's own requests will have. */
export const contextOf = (
  tags: Record<string, string>,
  { region, accountId, more = {} }: { region: string; accountId: string; more?: Record<string, string> },
): ContextEntry[] => {
  const one = (name: string, ...values: string[]): ContextEntry => ({
    ContextKeyName: name,
    ContextKeyType: values.length === 1 ? 'string' : 'stringList',
    ContextKeyValues: values,
  });
  const places = ['aws:RequestTag', 'aws:ResourceTag', 'ec2:ResourceTag'];
  return [
    ...Object.entries(tags).flatMap(([key, value]) => places.map((place) => one(`${place}/${key}`, value))),
    { ...one('aws:TagKeys', ...Object.keys(tags)), ContextKeyType: 'stringList' },
    one('aws:RequestedRegion', region),
    one('ec2:Region', region),
    one('ec2:Owner', accountId),
    ...Object.entries(more).map(([name, value]) => one(name, value)),
  ];
};

/** One answer for a thing, or one for all with the things in it: both forms come. */
const verdictsOf = ({ ResourceSpecificResults: specific = [], ...whole }: EvaluationResult) =>
  specific.length > 0
    ? specific.map(({ EvalResourceDecision: decision, MissingContextValues: missing = [] }) => ({
        decision,
        missing,
      }))
    : [{ decision: whole.EvalDecision, missing: whole.MissingContextValues ?? [] }];

/**
 * What IAM's own simulation says of the policies of a user or role. It knows neither what a session was cut down to nor
 * conditions of the organisation. Throws when it may not be asked.
 */
export const simulate = async (
  session: Session,
  principalArn: string,
  { action, resources, context }: Question,
): Promise<Simulated> => {
  const request = {
    PolicySourceArn: principalArn,
    ActionNames: [action],
    ...(resources.length === 0 ? {} : { ResourceArns: resources }),
    ContextEntries: context,
  };
  const verdicts = [];
  for await (const { EvaluationResults: results = [] } of paginateSimulatePrincipalPolicy(
    { client: iamOf(session) },
    request,
  ))
    verdicts.push(...results.flatMap(verdictsOf));
  const denied = verdicts.filter(({ decision }) => decision !== 'allowed');
  if (verdicts.length > 0 && denied.length === 0) return { outcome: 'allowed', missing: [] };
  const isCertain = denied.some(({ missing }) => missing.length === 0);
  const missing = [...new Set(denied.flatMap((one) => one.missing))];
  return { outcome: isCertain ? 'denied' : 'unknown', missing };
};
