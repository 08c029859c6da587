import * as z from 'zod';

const policyDocument = z.object({
  Version: z.string(),
  Statement: z.array(z.record(z.string(), z.unknown())),
});

/** AWS: what to paste into the role of the customer's account. */
const awsRole = z.object({
  kind: z.literal('aws-role'),
  roleArn: z.string().meta({ description: 'The role that the connection names' }),
  principal: z.string().meta({ description: 'The account that takes the role' }),
  externalId: z.string().meta({ description: 'Made by the server; the role demands it' }),
  policy: policyDocument.meta({ description: 'Trust policy of the role: a JSON document, ready to paste' }),
  permissionsPolicy: policyDocument.meta({
    description:
      'What builds need of the account. A builder with an instance profile needs iam:PassRole of its role besides, ' +
      'one through Session Manager its sessions: docs/aws.md.',
  }),
});

/** How the deployment shows itself to another cloud; without an issuer it has no identity yet. */
const shownAs = {
  issuer: z.string().optional().meta({ description: "Issuer of the deployment's tokens (OpenID Connect)" }),
  subject: z.string().optional().meta({ description: 'Who the tokens say it is: a role of its account' }),
  audience: z.string().meta({
    description:
      'Who the tokens are for: this connection alone. Demand it, or every workspace of the deployment could build there',
  }),
};

const note = z.string().meta({ description: 'What is not known yet, or why there is nothing to do' });

const azureIdentity = z.object({
  kind: z.literal('azure-workload-identity'),
  tenantId: z.string(),
  clientId: z.string().meta({ description: 'Application that gets the federated credential' }),
  ...shownAs,
  note,
});

const gcpIdentity = z.object({
  kind: z.literal('gcp-workload-identity'),
  provider: z.string().meta({ description: 'Workload identity provider that is to trust this deployment' }),
  serviceAccountEmail: z.string().meta({ description: 'Service account that the provider may use' }),
  ...shownAs,
  note,
});

/** A connection that is let in by a key, a secret or a password: nobody has to trust anybody. */
const nothing = z.object({ kind: z.literal('none'), note });

/** What to set up at the provider so that builds of a connection are let in; the list of kinds may grow. */
export const connectionTrustSchema = z
  .discriminatedUnion('kind', [awsRole, azureIdentity, gcpIdentity, nothing])
  .meta({ id: 'ConnectionTrust' });
export type ConnectionTrust = z.infer<typeof connectionTrustSchema>;
