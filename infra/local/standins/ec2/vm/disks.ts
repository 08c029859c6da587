import { rename, rm } from 'node:fs/promises';
import { catalogueImageIds } from '../catalogue.ts';
import { runCommand } from '../command.ts';
import { VmError } from './errors.ts';
import { imageDisk, isFile, linkOnce } from './state-folder.ts';

/** Copying a disk of 50 MB takes 0.2 s: a limit for a full or hanging file system. */
const copyTimeoutMs = 5 * 60 * 1000;

/** The disks of the images: one base disk for the public ones, a whole disk of its own for each that was built here. */
export class ImageDisks {
  readonly #stateDir: string;
  readonly #baseDisk: string;

  constructor(stateDir: string, baseDisk: string) {
    this.#stateDir = stateDir;
    this.#baseDisk = baseDisk;
  }

  /** Path of the disk behind an image. Throws InvalidAMIID.NotFound when there is none. */
  async find(imageId: string): Promise<string> {
    if (catalogueImageIds.has(imageId)) return this.#baseDisk;
    const disk = imageDisk(this.#stateDir, imageId);
    if (await isFile(disk)) return disk;
    throw new VmError('InvalidAMIID.NotFound', 404, `The image id '[${imageId}]' has no disk`);
  }

  /** Writes a copy of an instance's disk, whole or not at all, as the disk of an image. Does nothing when it is there. */
  async capture(instanceDisk: string, imageId: string): Promise<void> {
    const target = imageDisk(this.#stateDir, imageId);
    if (await isFile(target)) return;
    // --force-share: the QEMU process of a running instance holds its lock; it stands still meanwhile.
    await runCommand('qemu-img', ['convert', '--force-share', '-O', 'qcow2', instanceDisk, `${target}.new`], {
      timeoutMs: copyTimeoutMs,
    });
    await rename(`${target}.new`, target);
  }

  /** Gives an image the disk of another one. */
  async copy(sourceImageId: string, imageId: string): Promise<void> {
    await linkOnce(await this.find(sourceImageId), imageDisk(this.#stateDir, imageId));
  }

  /** Deletes the disk of an image. Instances that were launched from it keep theirs. */
  async remove(imageId: string): Promise<void> {
    await rm(imageDisk(this.#stateDir, imageId), { force: true });
  }
}

/** Makes a disk that holds only what differs from another disk. */
export async function createOverlay(backingDisk: string, disk: string): Promise<void> {
  await runCommand('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', backingDisk, disk]);
}
