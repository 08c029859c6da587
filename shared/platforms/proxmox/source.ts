import { communicatorFields } from '../communicator.ts';
import { PlatformError } from '../errors.ts';
import { type TemplateObject, variable } from '../expression.ts';
import { type Login, loginOf } from '../login.ts';
import { authorityFiles, demandWayIn, SERVER_PASSWORD, SERVER_TOKEN } from '../management-server.ts';
import { originText } from '../origin-text.ts';
import type { Source, SourceInput } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { bootIsoFields, templateFields } from './base-image.ts';
import { addressFields, commonFields, modernFields } from './machine.ts';
import { machineName, type ProxmoxSnapshot, tagsOf } from './names.ts';
import { refuseOld } from './old-packer.ts';
import { installFields } from './unattended.ts';

type Input = SourceInput<ProxmoxSnapshot>;

/** Port of Proxmox's API, where the connection names none. */
const PORT = ':8006';

const urlOf = (server: string): string => {
  const hasPort = /^(\[[^\]]+\]|[^:]+):\d+$/.test(server);
  return `https://${server}${hasPort ? '' : PORT}/api2/json`;
};

const connectionFields = ({ connection: { settings } }: ProxmoxSnapshot): TemplateObject => {
  const { auth, server, insecure } = settings;
  const isToken = auth.type === 'token';
  return {
    proxmox_url: urlOf(server),
    username: auth.username,
    password: isToken ? undefined : variable(SERVER_PASSWORD),
    token: isToken ? variable(SERVER_TOKEN) : undefined,
    insecure_skip_tls_verify: insecure,
  };
};

/** Packer 1.6 has no tags: the description tells them. */
const imageFields = ({ generation, run, snapshot }: Input): TemplateObject => {
  const { templateDescription } = snapshot.builderConfiguration.settings;
  const isOld = generation === '1.6';
  const told = isOld ? (snapshot.connection.imageTags ?? {}) : {};
  return {
    vm_name: machineName(run),
    template_name: finalName(snapshot, run),
    template_description: originText(templateDescription, run, told),
    tags: isOld ? undefined : tagsOf(snapshot, run),
  };
};

const fixedAddress = ({ builderConfiguration: builder }: ProxmoxSnapshot): string | undefined => {
  if (builder.builderType !== 'proxmox-clone') return undefined;
  const { ip, ip6 } = builder.settings.ipconfig?.[0] ?? {};
  const cidr = [ip, ip6].find((one) => one?.includes('/') === true);
  return cidr?.slice(0, cidr.indexOf('/'));
};

/** Where Packer logs in when no agent in the guest tells its address. Throws PlatformError when nobody knows it. */
const addressOf = (snapshot: ProxmoxSnapshot, { communicator }: Login): TemplateObject => {
  if (snapshot.builderConfiguration.settings.qemuAgent !== false) return {};
  const address = fixedAddress(snapshot);
  if (address !== undefined) return { [`${communicator}_host`]: address };
  throw new PlatformError(
    'builder-setting-invalid',
    'Without the QEMU agent nobody tells the address of the build VM: leave qemuAgent on, or give the first ipconfig of a clone a fixed address.',
  );
};

const startFields = ({ generation, snapshot }: Input): TemplateObject => {
  const { builderConfiguration: builder } = snapshot;
  if (builder.builderType === 'proxmox-iso') return bootIsoFields(snapshot, builder.settings, generation);
  const { settings } = builder;
  return {
    ...templateFields(snapshot, generation),
    full_clone: settings.fullClone,
    ...(generation === 'modern' ? addressFields(settings) : {}),
  };
};

/**
 * Packer's `proxmox-iso` or `proxmox-clone` source of a run. Throws PlatformError for what cannot be built: an ISO that
 * Proxmox cannot read, files that nobody finds, nobody to log in as or nowhere, a setting that Packer 1.6 does not know.
 */
export const proxmoxSource = (input: Input): Source => {
  const { generation, snapshot } = input;
  const { builderType, settings } = snapshot.builderConfiguration;
  refuseOld(generation, snapshot);
  const login = loginOf(snapshot);
  demandWayIn(snapshot, login, builderType === 'proxmox-clone');
  const { body, discs, downloads } = installFields(snapshot, generation);
  return {
    type: builderType,
    body: {
      ...connectionFields(snapshot),
      ...imageFields(input),
      ...startFields(input),
      ...commonFields(settings, generation),
      ...(generation === 'modern' ? modernFields(settings, discs) : {}),
      ...body,
      ...communicatorFields(snapshot, login),
      ...addressOf(snapshot, login),
    },
    files: authorityFiles(snapshot.connection.settings),
    downloads,
  };
};
