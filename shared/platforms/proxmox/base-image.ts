import { setting } from '../checks.ts';
import type { PackerGeneration } from '../../contracts/bundle.ts';
import { PlatformError } from '../errors.ts';
import type { TemplateObject } from '../expression.ts';
import { layerLocatorOf } from '../management-server.ts';
import { osImageOf } from '../snapshot-of.ts';
import { type IsoSettings, type ProxmoxSnapshot, vmIdOf } from './names.ts';

const notHere = (snapshot: ProxmoxSnapshot, what: string): PlatformError =>
  new PlatformError('base-image-not-found', `"${snapshot.operatingSystem.name}" ${what}.`);

/** `store:iso/file`: Proxmox reads the ISO where it is. */
const isVolume = (url: string): boolean => /^[A-Za-z][A-Za-z0-9._-]*:iso\//.test(url);
const isUrl = (url: string): boolean => /^(https?|file):\/\//.test(url);

const demandStorage = ({ isoStoragePool }: IsoSettings, url: string): string => {
  if (isoStoragePool !== undefined) return isoStoragePool;
  throw new PlatformError(
    'builder-setting-invalid',
    `The ISO at ${url} must be put in a storage of Proxmox: set isoStoragePool in the builder configuration.`,
    { field: setting('isoStoragePool') },
  );
};

/**
 * The ISO that the system is installed from: a volume of Proxmox as it is there, anything else put into a storage first.
 * Throws PlatformError when Proxmox cannot read it or has no place for it.
 */
export const bootIsoFields = (
  snapshot: ProxmoxSnapshot,
  settings: IsoSettings,
  generation: PackerGeneration,
): TemplateObject => {
  const image = osImageOf(snapshot);
  if (image?.type !== 'iso') throw notHere(snapshot, 'has no ISO for this builder');
  const { url, checksum } = image;
  if (!isVolume(url) && !isUrl(url))
    throw notHere(snapshot, `has its ISO at ${url}, which is no place of Proxmox: store:iso/file`);
  const place: TemplateObject = isVolume(url)
    ? { iso_file: url }
    : { iso_url: url, iso_checksum: checksum, iso_storage_pool: demandStorage(settings, url) };
  const isUnmounted = settings.unmountIso ?? true;
  if (generation === '1.6') return { ...place, unmount_iso: isUnmounted };
  // The node fetches what it can reach: a volume is there already, and a file of the agent's machine is not its own.
  const byNode = /^https?:/.test(url) ? settings.isoDownloadPve : undefined;
  return { boot_iso: { ...place, iso_download_pve: byNode, unmount: isUnmounted } };
};

/**
 * The template that is cloned: one by name, or the image of another definition, by its id where Packer takes that: names
 * are not unique on Proxmox. Throws PlatformError without one.
 */
export const templateFields = (snapshot: ProxmoxSnapshot, generation: PackerGeneration): TemplateObject => {
  const image = osImageOf(snapshot);
  if (image?.type === 'template') return { clone_vm: image.templateName };
  if (image?.type !== 'image-definition') throw notHere(snapshot, 'has no template for this builder');
  const { path, templateName } = layerLocatorOf(snapshot);
  const vmId = vmIdOf(path);
  if (vmId !== undefined && generation === 'modern') return { clone_vm_id: vmId };
  if (templateName === undefined) throw notHere(snapshot, 'is built on an image that is no template');
  return { clone_vm: templateName };
};
