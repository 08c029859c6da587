import type { EC2Client } from '@aws-sdk/client-ec2';
import { translateError } from './errors.ts';

/** An action of EC2 that is asked for and not done. */
export type Probe = { action: string; region: string; send: (ec2: EC2Client) => Promise<unknown> };
/** What an action needs: nothing more, this action (not always the one that was `asked` for), or nobody knows. */
export type Probed = Pick<Probe, 'action' | 'region'> & {
  asked: string;
  outcome: 'allowed' | 'missing' | 'unknown';
  message: string;
};

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');
/** AWS refuses parameters before or after it looks at permissions, as it pleases; a refusal of permission is always told. */
const isOfParameters = (name: string): boolean =>
  /^(Invalid|Missing|Incorrect|Unsupported|Unknown|NoSuchEntity|OptInRequired)|\.(NotFound|Malformed|Unavailable)$|NotFoundException$/.test(
    name,
  );

/** The action that a refusal names: to start a machine with a profile asks for the right to pass its role on, too. */
const refusedAction = (message: string): string | undefined =>
  /not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)/.exec(message)?.[1];

const judge = (probe: Probe, error: unknown): Probed => {
  const { action: asked, region } = probe;
  const { message } = translateError(error);
  const name = nameOf(error);
  const own = { action: asked, asked, region };
  if (name === 'DryRunOperation') return { ...own, outcome: 'allowed', message: '' };
  if (/^(Unauthorized|AccessDenied)/.test(name))
    return { ...own, action: refusedAction(message) ?? asked, outcome: 'missing', message };
  return { ...own, outcome: isOfParameters(name) ? 'allowed' : 'unknown', message };
};

/**
 * Asks EC2 whether an action would be allowed. `DryRunOperation` says yes and a refusal says no; other complaints are of
 * the parameters, which are made up where the real ones do not exist yet: they do not say no.
 */
export const tryOut = async (probe: Probe, ec2: EC2Client): Promise<Probed> => {
  const { action, region } = probe;
  try {
    await probe.send(ec2);
    return { action, asked: action, region, outcome: 'allowed', message: '' };
  } catch (error) {
    return judge(probe, error);
  }
};
