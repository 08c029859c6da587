import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { PlatformError } from '../platform.ts';
import { clientLimits } from './client-limits.ts';
import type { Session } from './client-session.ts';

const valueOf = async ({ region, identity }: Session, name: string): Promise<string> => {
  const ssm = new SSMClient({ ...clientLimits, region, credentials: identity });
  try {
    const { Parameter: parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
    return parameter?.Value ?? '';
  } catch (error) {
    if (!(error instanceof ParameterNotFound)) throw error;
    const message = `There is no parameter ${name} in ${region}.`;
    throw new PlatformError('base-image-not-found', message, { cause: error });
  }
};

/** The AMI id that a parameter of Systems Manager holds, in the build's region. Throws PlatformError when it holds none. */
export const readParameter = async (session: Session, name: string): Promise<string> => {
  const value = await valueOf(session, name);
  if (/^ami-[0-9a-f]{8,17}$/.test(value)) return value;
  throw new PlatformError('base-image-not-found', `The parameter ${name} holds no AMI id.`);
};
