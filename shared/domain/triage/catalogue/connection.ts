import { entry } from './entry.ts';

/** The machine or the account cannot be reached or refuses. */
export const connection = {
  'credentials-invalid': entry(
    'connection',
    'Credentials refused',
    'The platform does not know the credentials of the connection, or they have expired.',
    'Check the access key of the connection and enter it again; then verify the connection.',
  ),
  'clock-skewed': entry(
    'connection',
    'Clock wrong',
    'The platform refused a signed request because the clock of the machine that builds is wrong.',
    'Let the machine set its clock by NTP, then run again.',
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
    "The endpoint of the platform did not answer: no route, no name, or the region's endpoint is not there.",
    'Check the region and the network of the runner pool (NAT, endpoints, proxy), or of the agent at your site.',
  ),
  'certificate-untrusted': entry(
    'connection',
    'Certificate not trusted',
    'Nobody whom the runner trusts vouches for the certificate of the server, or it has expired or another name.',
    'Set caCertificatePem of the connection or of the runner pool; renew the certificate, or use the name in it.',
  ),
  'proxy-refused': entry(
    'connection',
    'Proxy refused',
    'The proxy between the runner and the platform cannot be reached or wants a login.',
    'Correct the proxy of the runner pool, and let it pass the hosts of the platform.',
  ),
  'api-unreachable': entry(
    'connection',
    'Deployment not reachable',
    'The runner lost its way to this deployment and did not find it again before the time of the run was up.',
    'Check the way of the runner pool, or of the agent at your site, to the API: NAT, endpoints, proxy.',
  ),
  'connector-unavailable': entry(
    'connection',
    'No connector',
    'Only a connector at the site reaches the build VM, and none is chosen, or the chosen one is gone or cannot build.',
    'Choose a connector that reaches the build VM, or a builder that the cloud reaches.',
  ),
  'ssh-authentication': entry(
    'connection',
    'SSH login refused',
    'The machine is up, but it does not accept the user name and the key of the build.',
    'Set the user name that the base image expects (ubuntu, ec2-user, admin, …) in the operating system or the builder.',
  ),
  'ssh-algorithm-mismatch': entry(
    'connection',
    'SSH without a common algorithm',
    'The SSH server of the base image and Packer know no key or cipher in common.',
    'Use a current Packer, choose another type for the temporary key (ed25519), or allow an older algorithm in the image.',
  ),
  'ssh-timeout': entry(
    'connection',
    'SSH not reachable',
    'The machine was started, but SSH did not answer in time.',
    'Check subnet, public address, security groups and sshInterface; give slow images a longer sshTimeout.',
  ),
  'machine-unreachable': entry(
    'connection',
    'Machine gone silent',
    'The machine answered before, and in the middle of the build no more: it crashed, was removed, or a step closed the way in.',
    'Read the last lines of the step, keep network, firewall and SSH server or WinRM open, and see who may have removed the machine.',
  ),
  'session-manager-unavailable': entry(
    'connection',
    'Session Manager not available',
    'The way to the machine by AWS Session Manager did not open: its agent is not connected, or the runner has no plugin.',
    'Give the instance profile AmazonSSMManagedInstanceCore, use an image with the SSM agent, and let the subnet reach SSM.',
  ),
  'winrm-timeout': entry(
    'connection',
    'WinRM not reachable',
    'The machine was started, but WinRM did not answer in time.',
    'Check subnet, security groups and port; give slow images a longer winrmTimeout.',
  ),
  'winrm-authentication': entry(
    'connection',
    'WinRM login refused',
    'WinRM answered, but does not accept user name and password, or did so no more after sysprep or a domain join.',
    'Check winrmUsername and the password; put what changes accounts or generalises into the last step.',
  ),
  'windows-password-timeout': entry(
    'connection',
    'No Windows password',
    'The platform did not give the generated administrator password in time.',
    'Use a base image that generates its password at first start; an image that was not generalised does not.',
  ),
};
