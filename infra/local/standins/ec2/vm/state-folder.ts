/**
 * What the VM manager keeps on disk:
 *   vms/<instance id>/{vm.json,process.json,image.qcow2,disk.qcow2,metadata/,console.log,qemu.log}
 *   disks/<image id>.qcow2    one whole disk per image that was built here
 * image.qcow2 is a hard link to the image's disk, so that an instance goes on when its image is deregistered.
 */
import {
  constants,
  copyFile,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What an instance was launched with. Kept on disk, so that a stopped instance can be started after a restart. */
export const vmSpecSchema = z.strictObject({
  instanceId: z.string().regex(/^i-[0-9a-f]+$/),
  imageId: z.string().regex(/^ami-[0-9a-z]+$/),
  address: z.ipv4(),
  /** OpenSSH public keys, one per line; empty when the instance was launched without a key pair. */
  authorizedKeys: z.string().max(64 * 1024),
  /** Base64, as the EC2 API takes it. */
  userData: z.base64().max(64 * 1024),
});

/** See {@link vmSpecSchema}. */
export type VmSpec = z.infer<typeof vmSpecSchema>;

/** Whether a text is safe as the name of an instance's folder. */
export function isInstanceId(text: string): boolean {
  return vmSpecSchema.shape.instanceId.safeParse(text).success;
}

/** Whether a text is safe as the name of an image's disk. */
export function isImageId(text: string): boolean {
  return vmSpecSchema.shape.imageId.safeParse(text).success;
}

/** Folder of all VMs. */
export function vmsFolder(stateDir: string): string {
  return join(stateDir, 'vms');
}

/** Folder of one VM. */
export function vmFolder(stateDir: string, instanceId: string): string {
  return join(vmsFolder(stateDir), instanceId);
}

/** File that names the process of a VM. */
export function processFile(stateDir: string, instanceId: string): string {
  return join(vmFolder(stateDir, instanceId), 'process.json');
}

/** Folder of the disks of images that were built here. */
export function disksFolder(stateDir: string): string {
  return join(stateDir, 'disks');
}

/** Disk of an image that was built here. */
export function imageDisk(stateDir: string, imageId: string): string {
  return join(disksFolder(stateDir), `${imageId}.qcow2`);
}

/** Makes the folders. */
export async function prepareStateFolder(stateDir: string): Promise<void> {
  await mkdir(vmsFolder(stateDir), { recursive: true });
  await mkdir(disksFolder(stateDir), { recursive: true });
}

/** Writes the record of a VM, whole or not at all. */
export async function writeSpec(stateDir: string, spec: VmSpec): Promise<void> {
  const file = join(vmFolder(stateDir, spec.instanceId), 'vm.json');
  await writeFile(`${file}.new`, JSON.stringify(spec));
  await rename(`${file}.new`, file);
}

/**
 * Reads the records of all VMs that have a disk; removes the folders of VMs whose making was interrupted.
 */
export async function readSpecs(stateDir: string): Promise<VmSpec[]> {
  const specs: VmSpec[] = [];
  for (const name of (await readdir(vmsFolder(stateDir))).filter(isInstanceId)) {
    const text = await readFile(join(vmFolder(stateDir, name), 'vm.json'), 'utf8').catch(() => undefined);
    if (text === undefined) await rm(vmFolder(stateDir, name), { recursive: true, force: true });
    else specs.push(vmSpecSchema.parse(JSON.parse(text)));
  }
  return specs;
}

/** Ids and paths of the disks of all images that were built here. */
export async function readImageDisks(stateDir: string): Promise<Map<string, string>> {
  const names = await readdir(disksFolder(stateDir));
  const ids = names
    .filter((name) => name.endsWith('.qcow2'))
    .map((name) => name.slice(0, -'.qcow2'.length))
    .filter(isImageId);
  return new Map(ids.map((id) => [id, imageDisk(stateDir, id)]));
}

/** Gives a disk a second name, by a hard link or (on another file system) a copy. A name that is taken stays as it is. */
export async function linkOnce(existing: string, name: string): Promise<void> {
  if (await isFile(name)) return;
  await link(existing, name).catch(() => copyFile(existing, name, constants.COPYFILE_FICLONE));
}

/** Whether there is a file of this name. */
export function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
