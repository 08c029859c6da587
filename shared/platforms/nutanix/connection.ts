import { type TemplateObject, variable } from '../expression.ts';
import { SERVER_PASSWORD, SERVER_TOKEN, serverSecret } from '../management-server.ts';
import type { PlatformSecret } from '../platform.ts';
import type { NutanixSnapshot } from './names.ts';

/** Port of Prism Central. */
const PORT = 9440;
/** In place of a user it tells the plugin (since 1.1.4) that the password is the API key of a service account. */
const API_KEY_USER = 'X-ntnx-api-key';

/** Host and port of `host`, `host:port` or `[address]:port`. */
const endpointOf = (server: string): { host: string; port: number } => {
  const [, host = server, port] = /^(.+?)(?::(\d+))?$/.exec(server) ?? [];
  return { host, port: port === undefined ? PORT : Number(port) };
};

/** How the plugin reaches Prism Central. */
export const connectionFields = ({ connection: { settings } }: NutanixSnapshot): TemplateObject => {
  const { host, port } = endpointOf(settings.server);
  const { auth } = settings;
  return {
    nutanix_endpoint: host,
    nutanix_port: port,
    nutanix_insecure: settings.insecure,
    nutanix_username: auth.type === 'token' ? API_KEY_USER : auth.username,
    nutanix_password: variable(auth.type === 'token' ? SERVER_TOKEN : SERVER_PASSWORD),
  };
};

/** The secret of the connection. */
export const connectionSecret = (snapshot: NutanixSnapshot): PlatformSecret => {
  const { auth } = snapshot.connection.settings;
  return auth.type === 'token'
    ? serverSecret(snapshot, SERVER_TOKEN, auth.token)
    : serverSecret(snapshot, SERVER_PASSWORD, auth.password);
};
