import { entry } from './entry.ts';

/** The machine or the account cannot be reached or refuses. */
export const connection = {
  'credentials-invalid': entry(
    'connection',
    'Credentials refused',
    'The platform does not know the credentials of the connection, or they have expired.',
    'Check the access key of the connection and enter it again; then verify the connection.',
  ),
  'role-not-assumable': entry(
    'connection',
    'Role cannot be assumed',
    'The role of the connection does not trust this deployment, or the external id is another one.',
    "Put the trust policy that the connection's page shows, with its external id, on the role.",
  ),
  'account-disabled': entry(
    'connection',
    'Account not active',
    'The credentials are valid, but the account or subscription is disabled, past its end or read-only.',
    'Look at its state and its bills at the provider; then verify the connection.',
  ),
  'permission-denied': entry(
    'connection',
    'Permission missing',
    'The credentials are valid, but they may not do what the build needs; the message says what was refused.',
    'Allow the named action to the role or user of the connection. A policy of the organization may refuse it as well.',
  ),
  'platform-unreachable': entry(
    'connection',
    'Platform not reachable',
    "The endpoint of the platform did not answer: no route, no name, the region's endpoint is not there, or nobody vouches for its certificate.",
    'Check the region and the network of the runner pool (NAT, endpoints, proxy); for a server of your own also caCertificatePem of its connection.',
  ),
  'ssh-authentication': entry(
    'connection',
    'SSH login refused',
    'The machine is up, but it does not accept the user name and the key of the build.',
    'Set the user name that the base image expects (ubuntu, ec2-user, admin, …) in the operating system or the builder.',
  ),
  'ssh-timeout': entry(
    'connection',
    'SSH not reachable',
    'The machine was started, but SSH did not answer in time.',
    'Check subnet, public address, security groups and sshInterface; give slow images a longer sshTimeout.',
  ),
  'winrm-timeout': entry(
    'connection',
    'WinRM not reachable',
    'The machine was started, but WinRM did not answer in time.',
    'Check subnet, security groups and port; give slow images a longer winrmTimeout.',
  ),
  'windows-password-timeout': entry(
    'connection',
    'No Windows password',
    'The platform did not give the generated administrator password in time.',
    'Use a base image that generates its password at first start; an image that was not generalised does not.',
  ),
};
