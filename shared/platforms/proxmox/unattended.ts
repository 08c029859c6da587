import type { BundleDownload, PackerGeneration } from '../../contracts/bundle.ts';
import { PlatformError } from '../errors.ts';
import type { TemplateObject } from '../expression.ts';
import { osImageOf } from '../snapshot-of.ts';
import { readsByHttp, unattendedFields } from '../unattended.ts';
import type { ProxmoxSnapshot } from './names.ts';

type Unattended = { body: TemplateObject; discs: TemplateObject[]; downloads: BundleDownload[] };

const storageOf = ({ builderConfiguration: { settings } }: ProxmoxSnapshot): string | undefined =>
  'isoStoragePool' in settings ? settings.isoStoragePool : undefined;

/**
 * How the system installs itself. A disc with the files needs a storage to lie in and a current Packer; without them the
 * files are only served by HTTP, which must then be where the boot command reads them. Throws PlatformError when nobody
 * would find them.
 */
export const installFields = (snapshot: ProxmoxSnapshot, generation: PackerGeneration): Unattended => {
  const { body, downloads } = unattendedFields(snapshot, osImageOf(snapshot));
  const { cd_files, cd_label, ...served } = body;
  const storage = storageOf(snapshot);
  if (cd_files === undefined) return { body: served, discs: [], downloads };
  if (storage !== undefined && generation === 'modern') {
    const disc = { cd_files, cd_label, iso_storage_pool: storage, unmount: true };
    return { body: served, discs: [disc], downloads };
  }
  if (readsByHttp(body['boot_command'])) return { body: served, discs: [], downloads };
  const { name } = snapshot.operatingSystem;
  throw generation === '1.6'
    ? new PlatformError(
        'packer-too-old',
        `Packer 1.6 cannot put the files of the unattended installation of "${name}" on a disc on Proxmox.`,
      )
    : new PlatformError(
        'builder-setting-invalid',
        `The files of the unattended installation of "${name}" need a storage for their disc: set isoStoragePool in the builder configuration.`,
      );
};
