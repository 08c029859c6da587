import { setting } from '../checks.ts';
import type { TemplateObject } from '../expression.ts';
import { communicatorFields, loginSecrets, WINRM_TLS_PORT } from '../communicator.ts';
import { type Login, loginOf } from '../login.ts';
import { refuseOnOldPacker } from '../old-packer.ts';
import { PlatformError, type PlatformSecret, type Source, type SourceInput } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { type GcpSnapshot, imageProjectOf, namedImage, projectOf, resolvedImage } from './base-image.ts';
import { credentialFields, credentialSecrets, runnerVariables, tunnelFields } from './credentials.ts';
import { machineName, runLabels } from './names.ts';
import { winrmStartupScript } from './winrm.ts';

type Input = SourceInput<GcpSnapshot>;
type Settings = GcpSnapshot['builderConfiguration']['settings'];

/** The guest agent makes it: on Linux with the build's key, on Windows with a password that Packer asks for. */
const BUILD_USER = 'goldsmith';
/** What Packer's own default is depends on its version. */
export const DEFAULT_MACHINE_TYPE = 'e2-standard-2';
/** A key in a login profile of OS Login is no resource that could be found again: it ends by itself, after the longest run. */
const LOGIN_KEY_LIFE = '24h';

const STARTUP_SCRIPT = 'startup-script';
const WINDOWS_STARTUP_SCRIPT = 'windows-startup-script-ps1';
const STARTUP_FILE = 'windows-startup-script.ps1';

/** Who logs in to the build VM. With a password of the user there is nobody to make the account: it must exist. */
export const gcpLogin = (snapshot: GcpSnapshot): Login => {
  const { winrmPassword } = snapshot.builderConfiguration.settings;
  const isMade = snapshot.operatingSystem.family === 'linux' || winrmPassword === undefined;
  return loginOf(snapshot, isMade ? BUILD_USER : undefined);
};

/** Variables of the template that carry secrets. */
export const gcpSecrets = (snapshot: GcpSnapshot): PlatformSecret[] => [
  ...credentialSecrets(snapshot),
  ...loginSecrets(snapshot, gcpLogin(snapshot)),
];

const refuseOld = ({ snapshot, generation }: Input): void => {
  const { settings } = snapshot.builderConfiguration;
  refuseOnOldPacker(generation, {
    'the workload identity of the connection': snapshot.connection.settings.auth.type === 'workload-identity',
    imageProjectId: imageProjectOf(snapshot) !== projectOf(snapshot),
    imageGuestOsFeatures: settings.imageGuestOsFeatures !== undefined,
    diskEncryptionKey: settings.diskEncryptionKey !== undefined,
    networkIp: settings.networkIp !== undefined,
    // Its tunnel wants the key as a file, and prints what it is given when it is none.
    useIap: settings.useIap === true,
    enableNestedVirtualization: settings.enableNestedVirtualization === true,
    windowsPasswordTimeout: settings.windowsPasswordTimeout !== undefined,
  });
};

const baseFields = ({ snapshot, baseImage }: Input): TemplateObject => {
  const named = baseImage === undefined ? namedImage(snapshot) : resolvedImage(baseImage.id);
  const image = 'image' in named ? { source_image: named.image } : { source_image_family: named.family };
  // Without a project Packer looks through a list of its own, which lacks some publishers.
  return { ...image, source_image_project_id: [named.projectId] };
};

const imageFields = (input: Input): TemplateObject => {
  const { run, snapshot, generation } = input;
  const { settings } = snapshot.builderConfiguration;
  const key = settings.imageEncryptionKey;
  return {
    image_name: finalName(snapshot, run),
    image_family: settings.imageFamily,
    image_description: settings.imageDescription,
    image_project_id: generation === 'modern' ? settings.imageProjectId : undefined,
    image_storage_locations: settings.imageStorageLocations,
    image_encryption_key: key === undefined ? undefined : { kmsKeyName: key.kmsKeyName },
    image_licenses: settings.imageLicenses,
    image_guest_os_features: settings.imageGuestOsFeatures,
    image_labels: { ...snapshot.connection.imageTags, ...runLabels(run) },
  };
};

const machineFields = (settings: Settings): TemplateObject => ({
  machine_type: settings.machineType ?? DEFAULT_MACHINE_TYPE,
  disk_size: settings.diskSize,
  disk_type: settings.diskType,
  disk_encryption_key:
    settings.diskEncryptionKey === undefined
      ? undefined
      : { kmsKeyName: settings.diskEncryptionKey.kmsKeyName },
  min_cpu_platform: settings.minCpuPlatform,
  preemptible: settings.preemptible,
  on_host_maintenance: settings.onHostMaintenance,
  accelerator_type: settings.acceleratorType,
  accelerator_count: settings.acceleratorCount,
  enable_secure_boot: settings.enableSecureBoot,
  enable_vtpm: settings.enableVtpm,
  enable_integrity_monitoring: settings.enableIntegrityMonitoring,
  // Packer 1.6 does not know it, and was refused where it is asked for.
  enable_nested_virtualization: settings.enableNestedVirtualization === true ? true : undefined,
  service_account_email: settings.serviceAccountEmail,
  disable_default_service_account: settings.disableDefaultServiceAccount,
  scopes: settings.scopes,
});

const networkFields = (settings: Settings): TemplateObject => ({
  network: settings.network,
  subnetwork: settings.subnetwork,
  network_project_id: settings.networkProjectId,
  network_ip: settings.networkIp,
  address: settings.address,
  tags: settings.tags,
  use_internal_ip: settings.useInternalIp,
  omit_external_ip: settings.omitExternalIp,
});

const osLoginFields = ({ snapshot, generation }: Input): TemplateObject => {
  const { useOsLogin } = snapshot.builderConfiguration.settings;
  return {
    use_os_login: useOsLogin,
    oslogin_ssh_key_expire_after: useOsLogin === true && generation === 'modern' ? LOGIN_KEY_LIFE : undefined,
  };
};

/** The script that opens WinRM is a file: Packer renders no template in it, and takes the metadata's value from there. */
const startup = (settings: Settings, login: Login): Pick<Source, 'body' | 'files'> => {
  const { metadata } = settings;
  const opensWinrm = login.communicator === 'winrm' && settings.winrmUseSsl !== false;
  if (opensWinrm && metadata?.[WINDOWS_STARTUP_SCRIPT] !== undefined)
    throw new PlatformError(
      'builder-setting-invalid',
      `The builder configuration has ${WINDOWS_STARTUP_SCRIPT} in its metadata, and that of the run is what opens WinRM.`,
      { field: setting('metadata', WINDOWS_STARTUP_SCRIPT) },
    );
  const files = opensWinrm
    ? [{ path: STARTUP_FILE, content: winrmStartupScript(login.port ?? WINRM_TLS_PORT) }]
    : [];
  return {
    body: {
      metadata,
      metadata_files: opensWinrm ? { [WINDOWS_STARTUP_SCRIPT]: STARTUP_FILE } : undefined,
      // Packer would wait without an end for a startup script that it has not wrapped, and wraps files only.
      wrap_startup_script: metadata?.[STARTUP_SCRIPT] === undefined ? undefined : false,
    },
    files,
  };
};

/**
 * Packer's `googlecompute` source of a run. Throws PlatformError for what Packer 1.6 cannot do, and for a startup script
 * of the user's where the run needs one.
 */
export const googlecomputeSource = (input: Input): Source => {
  const { run, snapshot, generation } = input;
  const { settings } = snapshot.builderConfiguration;
  refuseOld(input);
  const login = gcpLogin(snapshot);
  const { body, files } = startup(settings, login);
  return {
    type: 'googlecompute',
    body: {
      project_id: projectOf(snapshot),
      ...credentialFields(snapshot, generation),
      zone: settings.zone,
      region: settings.region,
      ...baseFields(input),
      ...imageFields(input),
      instance_name: machineName(run.runId),
      disk_name: machineName(run.runId),
      labels: { ...snapshot.connection.temporaryResourceTags, ...runLabels(run) },
      ...machineFields(settings),
      ...networkFields(settings),
      ...body,
      ...communicatorFields(snapshot, login),
      ...osLoginFields(input),
      ...(settings.useIap === true ? tunnelFields(snapshot) : {}),
      state_timeout: settings.stateTimeout,
      windows_password_timeout: settings.windowsPasswordTimeout,
    },
    files,
    variables: runnerVariables(snapshot),
  };
};
