/**
 * Who an identity token for a connection is made for. It names the connection: the subject is the same for everybody
 * who uses this deployment, so an account that trusts it must demand this audience, or any workspace could build in it.
 */
export const identityAudience = (connectionId: string): string => `goldsmith:${connectionId}`;
