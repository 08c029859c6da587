/** What this machine needs to know of a deployment: outputs of the CDK app's stacks. */
import { z } from 'zod';

/** Outputs of the CDK app's stacks, by name. */
export const outputsSchema = z.object({
  ApiUrl: z.url(),
  SocketUrl: z.url(),
  UserPoolId: z.string(),
  UserPoolClientId: z.string(),
});

/** Outputs of the CDK app's stacks, by name. */
export type Outputs = z.infer<typeof outputsSchema>;
