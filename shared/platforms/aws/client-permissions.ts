import { fails, listed, passes, warns } from '../checks.ts';
import type { PlatformCheck } from '../platform.ts';
import { type Probed, tryOut } from './client-dry-run.ts';
import type { Caller } from './client-gate.ts';
import { type Intent, isExact, probesOf } from './client-probes.ts';
import type { Session } from './client-session.ts';
import { translateError } from './errors.ts';
import { isOfImage, otherQuestions, subjectsOf } from './permission-subjects.ts';

/** What a connection may be asked to do, and how the fields of whoever asks are called. */
export type Asked = { intent: Intent; caller: Caller; roleArn: string | undefined; authField: string };

const ID = 'permissions';
const ASK_IAM =
  'Allow iam:SimulatePrincipalPolicy to the connection, or make sure of these actions yourself.';

type Judged = Pick<Probed, 'action' | 'region'> & {
  outcome: 'allowed' | 'missing' | 'undecided' | 'unknown';
  message: string;
};

/** Names of actions once each; those of another region than the build's with it. */
const named = (judged: Judged[], region: string): string =>
  listed([
    ...new Set(judged.map((one) => (one.region === region ? one.action : `${one.action} (${one.region})`))),
  ]);

/** ARN that policies are attached to: a session of a role has one of its own, `…:assumed-role/NAME/SESSION`. */
const principalOf = ({ caller, roleArn }: Asked): string => roleArn ?? caller.arn;

const whereOf = ({ caller }: Asked, region: string) => ({
  partition: caller.arn.split(':')[1] ?? 'aws',
  accountId: caller.accountId,
  region,
});

/** Asks IAM the same about things as the run will make them, with their tags. Throws when IAM may not be asked. */
const simulated = async (session: Session, asked: Asked, { action, region }: Probed) => {
  const { contextOf, simulate } = await import('./client-simulation.ts');
  const { tags, settings } = asked.intent;
  const where = whereOf(asked, region);
  const own = isOfImage(action) ? { ...tags.temporary, ...tags.image } : tags.temporary;
  const context = contextOf(own, { ...where, more: { 'ec2:InstanceType': settings.instanceType } });
  return simulate(session, principalOf(asked), { action, resources: subjectsOf(action, where), context });
};

/**
 * What a refusal is worth. That of a request as the build will send it is certain, also where it names another action
 * that the request needs. Of things that are not there yet EC2 sees neither tags nor owner, and a policy that asks for
 * them refuses the trial and allows the build: then IAM is asked.
 */
const judge = async (session: Session, asked: Asked, probed: Probed): Promise<Judged> => {
  const { action, asked: wanted, message } = probed;
  const isOfAnother = action !== wanted && action !== 'ec2:CreateTags';
  const isCertain = isExact(wanted, asked.intent);
  if (isOfAnother || (isCertain && action.startsWith('ec2:Describe'))) return probed;
  try {
    const { outcome, missing } = await simulated(session, asked, probed);
    if (outcome === 'denied') return probed;
    if (outcome === 'allowed' && !isCertain) return { ...probed, outcome };
    const why =
      outcome === 'allowed'
        ? `IAM's simulation allows it, and EC2 says: ${message}`
        : `policies ask for ${listed(missing)}.`;
    return { ...probed, outcome: 'undecided', message: why };
  } catch (error) {
    if (isCertain) return probed;
    return {
      ...probed,
      outcome: 'undecided',
      message: `IAM could not be asked: ${translateError(error).message}`,
    };
  }
};

const told = (judged: Judged[], { intent: { region }, authField: field }: Asked): PlatformCheck[] => {
  const of = (outcome: Judged['outcome']) => judged.filter((one) => one.outcome === outcome);
  const errorId = 'permission-denied' as const;
  const [missing, undecided, unknown] = [of('missing'), of('undecided'), of('unknown')];
  const checks: PlatformCheck[] = [];
  if (missing.length > 0)
    checks.push(fails(ID, { detail: `The connection may not: ${named(missing, region)}.`, field, errorId }));
  if (undecided[0] !== undefined) {
    const detail = `EC2 refuses to try out, with things that are not there yet: ${named(undecided, region)}. Policies that go by tags or single resources may allow it all the same; ${undecided[0].message}`;
    checks.push(warns(ID, { detail, field, errorId, remedy: ASK_IAM }));
  }
  if (unknown[0] !== undefined) {
    const detail = `Nobody knows whether the connection may: ${named(unknown, region)}. ${unknown[0].message}`;
    checks.push(warns(ID, { detail, field, errorId }));
  }
  return checks;
};

const dryRunChecks = async (session: Session, asked: Asked): Promise<PlatformCheck[]> => {
  const judged = await Promise.all(
    probesOf(asked.intent).map(async (probe) => {
      const probed = await tryOut(probe, session.ec2(probe.region));
      return probed.outcome === 'missing' ? judge(session, asked, probed) : probed;
    }),
  );
  return told(judged, asked);
};

/** What a build asks of other services than EC2, which have no dry run. Policies that name single resources may allow more. */
const simulationChecks = async (session: Session, asked: Asked): Promise<PlatformCheck[]> => {
  const { intent, authField: field } = asked;
  const questions = otherQuestions(intent.settings, whereOf(asked, intent.region));
  if (questions.length === 0) return [];
  const errorId = 'permission-denied' as const;
  try {
    const { contextOf, simulate } = await import('./client-simulation.ts');
    const answers = await Promise.all(
      questions.map(async ({ action, resources, tagPrefix, more = {} }) => {
        const tagged = Object.fromEntries(
          Object.entries(intent.tags.temporary).map(([key, value]): [string, string] => [
            `${tagPrefix}/${key}`,
            value,
          ]),
        );
        const context = contextOf(intent.tags.temporary, {
          ...whereOf(asked, intent.region),
          more: { ...more, ...tagged },
        });
        const { outcome } = await simulate(session, principalOf(asked), { action, resources, context });
        return outcome === 'allowed' ? [] : [action];
      }),
    );
    const denied = answers.flat();
    if (denied.length === 0) return [];
    const detail = `By IAM's simulation the connection may not: ${listed(denied)}. A policy that goes by what only the build will make may allow it all the same.`;
    return [warns(ID, { detail, field, errorId })];
  } catch (error) {
    const { message } = translateError(error);
    const detail = `IAM could not be asked whether the connection may: ${listed(questions.map(({ action }) => action))}. ${message}`;
    return [warns(ID, { detail, field, errorId, remedy: ASK_IAM })];
  }
};

/** Whether the connection may do all that a build of this kind does; each missing action is named (S150). */
export const permissionChecks = async (session: Session, asked: Asked): Promise<PlatformCheck[]> => {
  const found = await Promise.all([dryRunChecks(session, asked), simulationChecks(session, asked)]);
  const checks = found.flat();
  if (checks.length > 0) return checks;
  return [passes(ID, 'EC2 refuses none of the actions that the build needs; none of them was done.')];
};
