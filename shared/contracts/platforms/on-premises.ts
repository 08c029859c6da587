import * as z from 'zod';
import { templateSafeText } from '../common.ts';
import { flag, shaped, tagsOf } from './fields.ts';

/** A host by name or address, with a port where it is not the usual one. */
const server = shaped(
  /^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?$/,
  'is no host name or address, with :port if need be, such as vcenter.example.com',
).refine(
  (text) => !text.startsWith('[') || z.ipv6().safeParse(text.slice(1, text.indexOf(']'))).success,
  'holds no IPv6 address in its brackets',
);
/** A server's certificate chain is longer than other settings. */
const caCertificatePem = z
  .string()
  .max(40_000, { abort: true })
  .regex(
    /^(-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----\s*){1,10}$/,
    'is no PEM certificate',
  );
/** Names of accounts: `user`, `DOMAIN\user`, `user@domain`. */
const accountName = templateSafeText(128).min(1).regex(/^\S+$/, 'holds a space');

/** How to reach the management server of a hypervisor. */
const endpoint = {
  server: server.describe(
    'Host name or address of the management server, with :port if it is not the usual one.',
  ),
  insecure: flag("Do not check the server's certificate. Default: false."),
  caCertificatePem: caCertificatePem
    .optional()
    .describe(
      "Certificates (PEM) of the authority that signed the server's. Default: those of the agent's machine.",
    ),
};

type Token = z.core.$ZodShape;

/** Settings of a connection to a management server; `token` is what it needs to know of a token, `secret` the form a secret has there. */
export const serverConnectionSettings = <S extends z.ZodType, T extends Token>(secret: S, token: T) =>
  z.strictObject({
    ...endpoint,
    auth: z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('password'),
        username: accountName.describe('User of the management server, with its realm or domain.'),
        password: secret.describe('Password of that user.'),
      }),
      z.strictObject({ type: z.literal('token'), ...token }),
    ]),
  });

/** A connection to a hypervisor of the agent's own machine needs nothing. */
export const ownMachineSettings = z.strictObject({});

const word = (form: RegExp, reason: string) => z.string().regex(form, reason);

/** vSphere: category and tag, which must exist. */
export const vsphereTags = tagsOf(templateSafeText(256).min(1), templateSafeText(256).min(1));
/** Proxmox: each becomes the tag `key_value`, and tags are lower case; Packer's plugin takes no dots in them. */
export const proxmoxTags = tagsOf(
  word(/^[a-z0-9_][a-z0-9_-]{0,39}$/, 'is no part of a Proxmox tag: lower-case letters, digits, _ and -'),
  word(/^[a-z0-9_][a-z0-9_-]{0,39}$/, 'is no part of a Proxmox tag: lower-case letters, digits, _ and -'),
);
/** Nutanix: category and value, which must exist in Prism Central. */
export const nutanixCategories = tagsOf(templateSafeText(64).min(1), templateSafeText(64).min(1));
