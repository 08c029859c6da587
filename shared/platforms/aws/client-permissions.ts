import type { PlatformCheck } from '../platform.ts';
import { fails, listed, passes, warns } from '../checks.ts';
import { type Probed, tryOut } from './client-dry-run.ts';
import type { Caller } from './client-gate.ts';
import { type Intent, probesOf } from './client-probes.ts';
import type { Session } from './client-session.ts';
import { translateError } from './errors.ts';

/** What a connection may be asked to do, and how the fields of whoever asks are called. */
export type Asked = { intent: Intent; caller: Caller; roleArn: string | undefined; authField: string };

const ID = 'permissions';

/** Names of actions once each; those of another region than the build's with it. */
const named = (probed: Probed[], region: string): string =>
  listed([
    ...new Set(probed.map((one) => (one.region === region ? one.action : `${one.action} (${one.region})`))),
  ]);

const dryRunChecks = async (session: Session, { intent, authField }: Asked): Promise<PlatformCheck[]> => {
  const probes = probesOf(intent);
  const probed = await Promise.all(probes.map((probe) => tryOut(probe, session.ec2(probe.region))));
  const missing = probed.filter(({ outcome }) => outcome === 'missing');
  const unknown = probed.filter(({ outcome }) => outcome === 'unknown');
  const checks: PlatformCheck[] = [];
  if (missing.length > 0) {
    const detail = `The connection may not: ${named(missing, intent.region)}.`;
    checks.push(fails(ID, { detail, field: authField, errorId: 'permission-denied' }));
  }
  const [first] = unknown;
  if (first !== undefined) {
    const detail = `Nobody knows whether the connection may: ${named(unknown, intent.region)}. ${first.message}`;
    checks.push(warns(ID, { detail, field: authField, errorId: 'permission-denied' }));
  }
  return checks;
};

/** What a build asks of other services than EC2, which have no dry run. */
const othersOf = ({ settings }: Intent): string[] => [
  ...(settings.sshInterface === 'session_manager' ? ['ssm:StartSession', 'ssm:TerminateSession'] : []),
  ...(settings.temporaryIamInstanceProfilePolicyDocument === undefined
    ? []
    : [
        'iam:CreateInstanceProfile',
        'iam:CreateRole',
        'iam:PutRolePolicy',
        'iam:AddRoleToInstanceProfile',
        'iam:RemoveRoleFromInstanceProfile',
        'iam:DeleteRolePolicy',
        'iam:DeleteRole',
        'iam:DeleteInstanceProfile',
        'iam:PassRole',
      ]),
];

const simulationChecks = async (session: Session, asked: Asked): Promise<PlatformCheck[]> => {
  const { intent, caller, roleArn, authField: field } = asked;
  const actions = othersOf(intent);
  if (actions.length === 0) return [];
  const { simulatedDenials } = await import('./client-iam.ts');
  try {
    const denied = await simulatedDenials(session, { callerArn: caller.arn, roleArn }, actions);
    if (denied.length === 0) return [];
    // Policies that name single resources are denied for resources in general: no failure yet.
    const detail = `By IAM's simulation the connection may not for every resource: ${listed(denied)}.`;
    return [warns(ID, { detail, field, errorId: 'permission-denied' })];
  } catch (error) {
    const { message } = translateError(error);
    const detail = `IAM could not be asked whether the connection may: ${listed(actions)}. ${message}`;
    const remedy =
      'Allow iam:SimulatePrincipalPolicy to the connection, or make sure of these actions yourself.';
    return [warns(ID, { detail, field, errorId: 'permission-denied', remedy })];
  }
};

/** Whether the connection may do all that a build of this kind does; each missing action is named (S150). */
export const permissionChecks = async (session: Session, asked: Asked): Promise<PlatformCheck[]> => {
  const found = await Promise.all([dryRunChecks(session, asked), simulationChecks(session, asked)]);
  const checks = found.flat();
  if (checks.length > 0) return checks;
  return [passes(ID, 'EC2 refuses none of the actions that the build needs; none of them was done.')];
};
