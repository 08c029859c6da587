import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { PlatformError } from '../platform.ts';
import type { Session } from './client-session.ts';

/** The AMI id that a parameter of Systems Manager holds, in the build's region. */
export const readParameter = async ({ region, identity }: Session, name: string): Promise<string> => {
  const ssm = new SSMClient({ region, credentials: identity });
  const { Parameter: parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
  const value = parameter?.Value ?? '';
  if (!/^ami-[0-9a-f]{8,17}$/.test(value))
    throw new PlatformError('base-image-not-found', `The parameter ${name} holds no AMI id.`);
  return value;
};
