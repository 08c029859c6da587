import { entry } from './entry.ts';

/** What the builder configuration asks for is not there or not possible. */
export const builder = {
  'image-name-taken': entry(
    'builder-configuration',
    'Image name taken',
    'An image with the name of this version exists already.',
    'Remove or rename that image, or raise firstNumber of the definition; the next run has the next number.',
  ),
  'network-not-found': entry(
    'builder-configuration',
    'Network not found',
    'A network, subnet or security group of the builder does not exist in this account and region; the message names it.',
    'Correct the name or id in the builder configuration. Without a default network a subnet must be given.',
  ),
  'region-invalid': entry(
    'builder-configuration',
    'Region not valid',
    'The region is unknown or not enabled in this account.',
    'Correct the region of the builder configuration or of the connection, or enable it in the account.',
  ),
  'instance-type-invalid': entry(
    'builder-configuration',
    'Machine type not valid',
    'The machine type does not exist in this region or does not fit the other settings.',
    'Choose a machine type that the region offers.',
  ),
  'architecture-mismatch': entry(
    'builder-configuration',
    'Machine type and image do not fit',
    'The machine type has another processor architecture than the base image.',
    'Choose a machine type of the architecture of the operating system.',
  ),
  'encryption-key-unusable': entry(
    'builder-configuration',
    'Encryption key not usable',
    'The key for the disks does not exist, is disabled, or may not be used by the connection.',
    "Correct the key, or let the connection's role use it.",
  ),
  'instance-profile-invalid': entry(
    'builder-configuration',
    'Instance profile not valid',
    'The instance profile of the builder does not exist or may not be passed on.',
    'Correct iamInstanceProfile, and allow iam:PassRole for its role to the connection.',
  ),
  'text-not-usable': entry(
    'builder-configuration',
    'Text that no template can hold',
    'A setting, tag or variable holds {{ or }}, which Packer would take for a template of its own; the message names it.',
    'Remove the braces from the named text. Scripts and contents of files may hold them.',
  ),
  'builder-setting-invalid': entry(
    'builder-configuration',
    'Setting refused by the platform',
    'The platform refused a setting of the builder configuration; the message names it.',
    'Correct the setting in the builder configuration.',
  ),
  'resource-group-not-found': entry(
    'builder-configuration',
    'Resource group not found',
    'A resource group that the builder names does not exist in the subscription; the message names it.',
    'Correct the name in the builder configuration, or make the group. Packer makes only the temporary one.',
  ),
  'gallery-not-found': entry(
    'builder-configuration',
    'Gallery not found',
    'The gallery, or the image definition in it, does not exist or does not fit; the message names it.',
    'Make the gallery, and in it an image definition named as the image definition here, of the same system and generation.',
  ),
  'image-not-shareable': entry(
    'builder-configuration',
    'Image cannot be shared or copied',
    "The image would be encrypted with the account's default key, which nobody else can use.",
    'Give the builder a key of its own (kmsKeyId; for copies one for each region), and let the others use it.',
  ),
  'packer-too-old': entry(
    'builder-configuration',
    'Newer Packer needed',
    "The builder's settings need a newer Packer than the runners of this deployment have; the message names them.",
    'Leave the named settings out, or deploy with a current Packer.',
  ),
  'image-name-invalid': entry(
    'builder-configuration',
    'Image name not valid',
    'The name of the image is too long for the platform or has characters that it does not take.',
    'Rename the definition; the message says what the platform takes.',
  ),
  'image-share-target-invalid': entry(
    'builder-configuration',
    'Cannot be shared with them',
    'An account, organization or group that the image is to be shared with does not exist.',
    'Correct the accounts that the builder shares with.',
  ),
  'tag-refused': entry(
    'builder-configuration',
    'Tag refused',
    'The platform or a tag policy of the organization does not take a tag of the connection or the builder.',
    'Correct the named tag: too long, too many, a reserved prefix, or a value that the policy does not list.',
  ),
  'boot-command-failed': entry(
    'builder-configuration',
    'Boot command not typed',
    'The keys of the boot command could not be typed into the machine.',
    'Correct bootCommand; check that the console (VNC) of the machine can be reached from the agent.',
  ),
  'startup-script-failed': entry(
    'builder-configuration',
    'Startup script failed',
    'The startup script that the builder gives the machine ended with an error.',
    'Look at the serial console of the machine, and correct the startup script.',
  ),
  'spot-price-too-low': entry(
    'builder-configuration',
    'Spot price too low',
    'The most that the builder pays for a spot instance is below the price.',
    'Raise spotPrice, or set it to auto.',
  ),
};
