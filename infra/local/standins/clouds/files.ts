import { z } from 'zod';

/** The stand-ins' authority, and all that a program of this machine should trust; names in their folder. */
export const AUTHORITY_FILE = 'authority.pem';
export const BUNDLE_FILE = 'authorities.pem';

/** What a connection to the stand-ins is made of; it opens nothing anywhere else. */
export const cloudAccountsSchema = z.object({
  azure: z.object({
    subscriptionId: z.string(),
    tenantId: z.string(),
    clientId: z.string(),
    clientSecret: z.string(),
    /** A resource group that images can be put into. */
    resourceGroup: z.string(),
  }),
  gcp: z.object({ projectId: z.string(), credentialsJson: z.string() }),
});
export type CloudAccounts = z.infer<typeof cloudAccountsSchema>;
