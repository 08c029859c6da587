import type { CloudAnswer, CloudRequest } from '../cloud.ts';
import type { Account } from './account.ts';
import { armError } from './answers.ts';

/**
 * The one application of the account, as Microsoft Graph shows it: "Get application" of version 1.0, with the fields of
 * its secrets. Who may not read it gets the answer of "Microsoft Graph error responses".
 */
export const readApplication = (
  { url }: CloudRequest,
  { clientId, clientSecret, clientSecretEndsAt: endDateTime }: Account,
): CloudAnswer => {
  if (decodeURIComponent(url.pathname) !== `/v1.0/applications(appId='${clientId}')` || url.search !== '')
    return armError(404, 'Request_ResourceNotFound', `${url.pathname}${url.search} is not there.`);
  if (endDateTime === undefined)
    return armError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
  const secret = {
    displayName: 'goldsmith',
    endDateTime,
    hint: clientSecret.slice(0, 3),
    keyId: 'f0b0b335-1d71-4883-8f98-567911bfdca6',
    secretText: null,
    startDateTime: '2026-01-01T00:00:00Z',
  };
  return { status: 200, body: { appId: clientId, displayName: 'goldsmith', passwordCredentials: [secret] } };
};
