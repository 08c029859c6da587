import type { AmazonEbsSettings } from '../../contracts/platforms/aws.ts';
import { pointerOf } from '../../domain/json-pointer.ts';
import { setting } from '../checks.ts';
import type { TemplateObject } from '../expression.ts';
import { type Login, loginOf } from '../login.ts';
import { PlatformError, type Source, type SourceInput } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { type AwsSnapshot, regionOf } from './base-image.ts';
import { imageFields } from './image-fields.ts';
import { keyPairName } from './names.ts';
import { sourceImage } from './source-image.ts';
import { imageTagsOf, temporaryTagsOf } from './tags.ts';
import { WINRM_TLS_PORT, winrmUserData } from './winrm.ts';

type Input = SourceInput<AwsSnapshot>;
type Access = { body: TemplateObject; files: Source['files'] };

/** First boots of large machines are slow; Packer's own five minutes are not enough for all of them. */
const SSH_TIMEOUT = '10m';
const USER_DATA = 'user-data.txt';
/** Asks every 15 s for four hours: images of large disks take longer than the ten minutes of the SDK's waiters. */
const POLLING = { delay_seconds: 15, max_attempts: 960 };

const sshAccess = (settings: AmazonEbsSettings, { username, port }: Login): Access => ({
  body: {
    communicator: 'ssh',
    ssh_username: username,
    ssh_port: port,
    ssh_timeout: settings.sshTimeout ?? SSH_TIMEOUT,
    ssh_handshake_attempts: settings.sshHandshakeAttempts,
    // The key of the build must not open the machines that are made from the image.
    ssh_clear_authorized_keys: true,
    user_data_file: settings.userData === undefined ? undefined : USER_DATA,
  },
  // A file of its own: Packer renders no template in it.
  files: settings.userData === undefined ? [] : [{ path: USER_DATA, content: settings.userData }],
});

/** A base image of ours may bring a listener with it: the machine is asked again when its own user data has run. */
const PAUSE_ON_LAYERS = '60s';

const winrmAccess = (
  { builderConfiguration: { settings }, layer }: AwsSnapshot,
  { username, port = WINRM_TLS_PORT }: Login,
): Access => ({
  body: {
    communicator: 'winrm',
    pause_before_connecting: layer === undefined ? undefined : PAUSE_ON_LAYERS,
    winrm_username: username,
    winrm_port: port,
    winrm_timeout: settings.winrmTimeout,
    winrm_use_ssl: true,
    winrm_insecure: true,
    winrm_use_ntlm: true,
    user_data_file: USER_DATA,
  },
  files: [{ path: USER_DATA, content: winrmUserData(port) }],
});

const accessOf = (snapshot: AwsSnapshot): Access => {
  const { settings } = snapshot.builderConfiguration;
  const login = loginOf(snapshot);
  if (login.communicator === 'ssh') return sshAccess(settings, login);
  if (settings.userData !== undefined)
    throw new PlatformError(
      'builder-setting-invalid',
      'The builder configuration has user data, and user data of the run is what opens WinRM.',
      { field: setting('userData') },
    );
  if (settings.sshInterface === 'session_manager')
    throw new PlatformError(
      'builder-setting-invalid',
      'The build VM is reached by WinRM, and sshInterface session_manager carries SSH only.',
      { field: setting('sshInterface') },
    );
  return winrmAccess(snapshot, login);
};

/** With it Packer waits for a machine to stop by itself, and what generalises Windows leaves it running. */
const demandStop = ({ operatingSystem, builderConfiguration: { settings } }: AwsSnapshot): void => {
  if (operatingSystem.family === 'windows' && settings.disableStopInstance === true)
    throw new PlatformError(
      'builder-setting-invalid',
      'The builder configuration has disableStopInstance, and the last step of a Windows image, sysprep, leaves the build VM running.',
      { field: setting('disableStopInstance') },
    );
};

const policyFields = ({ temporaryIamInstanceProfilePolicyDocument: policy }: AmazonEbsSettings) =>
  policy && { Version: policy.Version, Statement: policy.Statement };

type Device = NonNullable<AmazonEbsSettings['launchBlockDeviceMappings']>[number];

/** Packer 1.6 takes no gp3 volume without both numbers: those that AWS gives it for nothing. */
const GP3 = { iops: 3000, throughput: 125 };

const deviceFields = (device: Device): TemplateObject => {
  const { iops, throughput } = device.volumeType === 'gp3' ? { ...GP3, ...device } : device;
  return {
    device_name: device.deviceName,
    volume_size: device.volumeSize,
    volume_type: device.volumeType,
    iops,
    throughput,
    encrypted: device.encrypted,
    kms_key_id: device.kmsKeyId,
    delete_on_termination: device.deleteOnTermination,
  };
};

const machineFields = (settings: AmazonEbsSettings): TemplateObject => ({
  instance_type: settings.instanceType,
  vpc_id: settings.vpcId,
  subnet_id: settings.subnetId,
  security_group_ids: settings.securityGroupIds,
  temporary_security_group_source_cidrs: settings.temporarySecurityGroupSourceCidrs,
  associate_public_ip_address: settings.associatePublicIpAddress,
  iam_instance_profile: settings.iamInstanceProfile,
  temporary_iam_instance_profile_policy_document: policyFields(settings),
  ebs_optimized: settings.ebsOptimized,
  ena_support: settings.enaSupport,
  spot_price: settings.spotPrice,
  disable_stop_instance: settings.disableStopInstance,
  launch_block_device_mappings: settings.launchBlockDeviceMappings?.map(deviceFields),
});

/** What IAM takes in keys and values of tags (API Reference, "Tag"); EC2 takes every character. */
const IAM_TAG = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Packer puts the tags of the machine on the profile and the role that it makes, too; 1.6 does not. */
const demandIamTags = ({ snapshot, generation }: Input, tags: Record<string, string>): void => {
  const { temporaryIamInstanceProfilePolicyDocument: policy } = snapshot.builderConfiguration.settings;
  const unfit = Object.entries(tags).find((tag) => !tag.every((text) => IAM_TAG.test(text)));
  if (policy === undefined || generation === '1.6' || unfit === undefined) return;
  throw new PlatformError(
    'builder-setting-invalid',
    `The connection's temporary resource tag ${unfit[0]} holds a character that IAM does not take in tags, and temporaryIamInstanceProfilePolicyDocument makes a role that has it. IAM takes letters, digits, spaces and _ . : / = + - @.`,
    { field: `/connection${pointerOf(['temporaryResourceTags', unfit[0]])}` },
  );
};

const tagFields = (input: Input): TemplateObject => {
  const { run, snapshot } = input;
  const { spotPrice } = snapshot.builderConfiguration.settings;
  const image = imageTagsOf(snapshot, run);
  const temporary = temporaryTagsOf(snapshot, run);
  demandIamTags(input, temporary);
  return {
    tags: image,
    snapshot_tags: image,
    run_tags: temporary,
    run_volume_tags: temporary,
    // Of the launch template that Packer makes; it refuses them without a spot instance.
    spot_tags: spotPrice === undefined ? undefined : temporary,
  };
};

/**
 * Modern Packer can put the tags of temporary resources on image and snapshots when it makes them, and the image's own
 * later over them. That leaves no trace when each key is also one of the image's; else a tag such as one that tells a
 * janitor what to remove would stay on the image for good.
 */
const keepsTemporaryTags = ({ imageTags = {}, temporaryResourceTags = {} }: AwsSnapshot['connection']) =>
  Object.keys(temporaryResourceTags).some((key) => key !== 'Name' && !Object.hasOwn(imageTags, key));

const modernFields = ({ snapshot }: Input): TemplateObject => {
  const { metadataOptions, imdsSupport } = snapshot.builderConfiguration.settings;
  return {
    metadata_options: {
      http_endpoint: metadataOptions?.httpEndpoint ?? 'enabled',
      http_tokens: metadataOptions?.httpTokens ?? 'required',
      http_put_response_hop_limit: metadataOptions?.httpPutResponseHopLimit,
    },
    imds_support: imdsSupport,
    skip_ami_run_tags: keepsTemporaryTags(snapshot.connection) ? true : undefined,
  };
};

/** Packer 1.6 knows neither metadata options nor `imds_support`; its endpoint is an argument. */
const generationFields = (input: Input): TemplateObject =>
  input.generation === 'modern' ? modernFields(input) : { custom_endpoint_ec2: input.ec2Endpoint };

/**
 * Packer's `amazon-ebs` source of a run. Credentials are not in it: Packer asks the runner for them. Throws
 * PlatformError when nobody says who to log in as, or when a setting does not go with the run.
 */
export const amazonEbsSource = (input: Input): Source => {
  const { run, snapshot, generation } = input;
  const { settings } = snapshot.builderConfiguration;
  demandStop(snapshot);
  const access = accessOf(snapshot);
  const { body: image, variables } = sourceImage(input);
  return {
    type: 'amazon-ebs',
    body: {
      region: regionOf(snapshot),
      ami_name: finalName(snapshot, run),
      ...image,
      ...machineFields(settings),
      ...imageFields(snapshot, generation),
      ...access.body,
      ssh_interface: settings.sshInterface,
      temporary_key_pair_name: keyPairName(run.runId),
      ...tagFields(input),
      aws_polling: POLLING,
      ...generationFields(input),
    },
    files: access.files,
    ...(variables === undefined ? {} : { variables }),
  };
};
