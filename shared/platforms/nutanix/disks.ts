import { setting } from '../checks.ts';
import type { OsImage } from '../../contracts/entities/operating-system.ts';
import { asArguments } from '../arguments.ts';
import { PlatformError } from '../errors.ts';
import type { TemplateObject } from '../expression.ts';
import { layerLocatorOf } from '../management-server.ts';
import { osImageOf } from '../snapshot-of.ts';
import { type NutanixSettings, type NutanixSnapshot, uuidOf } from './names.ts';

type File = Extract<OsImage, { type: 'iso' | 'disk' }>;

const notHere = ({ operatingSystem }: NutanixSnapshot, what: string): PlatformError =>
  new PlatformError('base-image-not-found', `"${operatingSystem.name}" ${what}.`);

/** Nutanix itself compares SHA-256 and SHA-1 of what it downloads, and nothing else. */
const checksumFields = (snapshot: NutanixSnapshot, checksum: string): TemplateObject => {
  if (checksum.toLowerCase() === 'none') return {};
  const [, type, digest = ''] = /^(?:(sha1|sha256):)?([0-9a-f]+)$/i.exec(checksum) ?? [];
  const kind = { 40: 'sha1', 64: 'sha256' }[digest.length];
  if (kind === undefined || (type !== undefined && type.toLowerCase() !== kind))
    throw notHere(snapshot, `has the checksum ${checksum}, but Nutanix takes SHA-256 and SHA-1 only`);
  return { source_image_checksum: digest, source_image_checksum_type: kind };
};

const fileFields = (snapshot: NutanixSnapshot, { url, checksum }: File): TemplateObject => {
  if (/^https?:/.test(url)) return { source_image_uri: url, ...checksumFields(snapshot, checksum) };
  if (!url.startsWith('file://'))
    throw notHere(snapshot, `is at ${url}, which is a place of another platform: give a URL`);
  if (checksum.toLowerCase() !== 'none')
    throw notHere(
      snapshot,
      'is a file that Packer uploads, which nobody compares: its checksum must be none',
    );
  return { source_image_path: url.slice('file://'.length) };
};

const layerFields = (snapshot: NutanixSnapshot): TemplateObject => {
  const { path, templateName } = layerLocatorOf(snapshot);
  const uuid = uuidOf(path);
  if (uuid !== undefined) return { source_image_uuid: uuid };
  if (templateName === undefined) throw notHere(snapshot, 'is built on an image that is in no image library');
  return { source_image_name: templateName };
};

const hasEmptyDisk = ({ vmDisks = [] }: NutanixSettings): boolean =>
  vmDisks.some(({ imageType }) => imageType === 'DISK');

const isoDisk = (snapshot: NutanixSnapshot, image: File): TemplateObject => {
  if (!hasEmptyDisk(snapshot.builderConfiguration.settings))
    throw new PlatformError(
      'builder-setting-invalid',
      'A system that is installed from an ISO needs a disk: set vmDisks to one of type DISK in the builder configuration.',
      { field: setting('vmDisks') },
    );
  return { image_type: 'ISO_IMAGE', ...fileFields(snapshot, image) };
};

/** The disk that the operating system brings. Throws PlatformError when it names none that Nutanix can get. */
const systemDisk = (snapshot: NutanixSnapshot): TemplateObject => {
  const image = osImageOf(snapshot);
  if (image?.type === 'iso') return isoDisk(snapshot, image);
  const common = {
    image_type: 'DISK_IMAGE',
    disk_size_gb: snapshot.builderConfiguration.settings.diskSizeGb,
  };
  if (image?.type === 'disk') return { ...common, ...fileFields(snapshot, image) };
  if (image?.type === 'template') return { ...common, source_image_name: image.templateName };
  if (image?.type === 'image-definition') return { ...common, ...layerFields(snapshot) };
  throw notHere(snapshot, 'has no image for this builder');
};

/** Every disk of the machine, that of the operating system first. */
export const diskFields = (snapshot: NutanixSnapshot): TemplateObject => ({
  vm_disks: [
    systemDisk(snapshot),
    ...(snapshot.builderConfiguration.settings.vmDisks ?? []).map((disk) =>
      asArguments<string>(disk, [
        'imageType',
        'sourceImageName',
        'sourceImageUuid',
        'diskSizeGb',
        'storageContainerUuid',
      ]),
    ),
  ],
});
