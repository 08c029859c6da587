import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createOverlay, ImageDisks } from './disks.ts';
import { VmError } from './errors.ts';
import { KeyedLock } from './keyed-lock.ts';
import { type Machine, settlesWithin, startMachine } from './machine.ts';
import { forgetProcess, recordProcess } from './processes.ts';
import type { Accelerator, metadataNames } from './qemu-arguments.ts';
import {
  linkOnce,
  prepareStateFolder,
  readImageDisks,
  readSpecs,
  type VmSpec,
  vmFolder,
  writeSpec,
} from './state-folder.ts';

/** An emulated boot takes 3 s. After this long the guest is left to itself: it may have been built not to boot. */
const bootWaitMs = 20_000;

/** What holds for all VMs of a manager. */
export interface FleetSettings {
  stateDir: string;
  baseDisk: string;
  accelerator: Accelerator;
  /** Port at each instance's address behind which its SSH server is. */
  sshPort: number;
  memoryMib: number;
}

/** A VM as others see it. */
export interface VmView {
  instanceId: string;
  imageId: string;
  address: string;
  port: number;
  state: 'running' | 'stopped';
  pid: number | undefined;
  disk: string;
}

interface Vm {
  spec: VmSpec;
  machine: Machine | undefined;
  /** Between the end of a process and the start of the next one, while the guest reboots. */
  rebooting: boolean;
  /** Settles when all traces of the last process are gone. */
  cleared: Promise<void>;
}

function stoppedVm(spec: VmSpec): Vm {
  return { spec, machine: undefined, rebooting: false, cleared: Promise.resolve() };
}

/**
 * All VMs of a state folder. Each is running or stopped; a guest that powers itself off is seen at the end of its
 * process. Every operation can be repeated. Operations on one instance run one after the other.
 */
export class Fleet {
  readonly #settings: FleetSettings;
  readonly #images: ImageDisks;
  readonly #vms = new Map<string, Vm>();
  readonly #lock = new KeyedLock();
  #closing = false;

  private constructor(settings: FleetSettings) {
    this.#settings = settings;
    this.#images = new ImageDisks(settings.stateDir, settings.baseDisk);
  }

  /** The VMs of a state folder, all stopped. Processes that an earlier manager left must have been reaped. */
  static async open(settings: FleetSettings): Promise<Fleet> {
    const fleet = new Fleet(settings);
    await prepareStateFolder(settings.stateDir);
    for (const spec of await readSpecs(settings.stateDir)) fleet.#vms.set(spec.instanceId, stoppedVm(spec));
    return fleet;
  }

  /** All VMs. */
  list(): VmView[] {
    return [...this.#vms.values()].map((vm) => this.#view(vm));
  }

  /** Disks of the images that were built here, by image id. */
  listDisks(): Promise<Map<string, string>> {
    return readImageDisks(this.#settings.stateDir);
  }

  /** Makes a VM from an image's disk, starts it and waits for its boot. A failed launch leaves nothing. */
  async launch(spec: VmSpec): Promise<VmView> {
    const vm = await this.#lock.run(spec.instanceId, () => this.#launch(spec));
    return this.#whenBooted(vm);
  }

  /** Starts a stopped VM and waits for its boot. */
  async start(instanceId: string): Promise<VmView> {
    const vm = await this.#lock.run(instanceId, () => this.#start(this.#find(instanceId)));
    return this.#whenBooted(vm);
  }

  /** Powers a VM off, in order unless `force`, and waits for its end. */
  stop(instanceId: string, force: boolean): Promise<VmView> {
    return this.#lock.run(instanceId, async () => {
      const vm = this.#find(instanceId);
      vm.rebooting = false;
      await (force ? vm.machine?.kill() : vm.machine?.goDown('poweroff'));
      return this.#view(vm);
    });
  }

  /** Reboots a running VM and waits for its boot. */
  async reboot(instanceId: string): Promise<VmView> {
    const vm = await this.#lock.run(instanceId, async () => {
      const found = this.#find(instanceId);
      if (found.machine === undefined)
        throw new VmError('IncorrectInstanceState', 409, `${instanceId} is not running`);
      found.rebooting = true;
      await found.machine.goDown('reboot');
      return this.#start(found);
    });
    return this.#whenBooted(vm);
  }

  /** Ends a VM and deletes its disk. */
  terminate(instanceId: string): Promise<void> {
    return this.#lock.run(instanceId, async () => {
      await this.#vms.get(instanceId)?.machine?.kill();
      this.#vms.delete(instanceId);
      await rm(vmFolder(this.#settings.stateDir, instanceId), { recursive: true, force: true });
    });
  }

  /** Keeps a copy of a VM's disk as an image's disk. A running VM stands still meanwhile. */
  createImage(imageId: string, instanceId: string): Promise<void> {
    return this.#lock.run(instanceId, async () => {
      const vm = this.#find(instanceId);
      const capture = (): Promise<void> => this.#images.capture(this.#file(vm.spec, 'disk.qcow2'), imageId);
      await (vm.machine === undefined ? capture() : vm.machine.whileStill(capture));
    });
  }

  /** Gives an image the disk of another image. */
  copyImage(imageId: string, sourceImageId: string): Promise<void> {
    return this.#images.copy(sourceImageId, imageId);
  }

  /** Deletes an image's disk. */
  deleteImage(imageId: string): Promise<void> {
    return this.#images.remove(imageId);
  }

  /** Deletes the VMs and disks that are not among the given ones. */
  async keepOnly(instanceIds: ReadonlySet<string>, imageIds: ReadonlySet<string>): Promise<void> {
    for (const instanceId of [...this.#vms.keys()].filter((id) => !instanceIds.has(id)))
      await this.terminate(instanceId);
    for (const imageId of (await this.listDisks()).keys()) {
      if (!imageIds.has(imageId)) await this.deleteImage(imageId);
    }
  }

  /** Cuts the power of all VMs; their disks stay. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#vms.values()].map(async (vm) => vm.machine?.kill()));
  }

  async #launch(spec: VmSpec): Promise<Vm> {
    const known = this.#vms.get(spec.instanceId);
    if (known !== undefined && !isDeepStrictEqual(known.spec, spec)) {
      throw new VmError('IncorrectInstanceState', 409, `${spec.instanceId} exists and is another one`);
    }
    if (known !== undefined) return this.#start(known);
    const vm = stoppedVm(spec);
    try {
      await this.#makeFolder(spec);
      await this.#start(vm);
    } catch (error) {
      await rm(vmFolder(this.#settings.stateDir, spec.instanceId), { recursive: true, force: true });
      throw error;
    }
    this.#vms.set(spec.instanceId, vm);
    return vm;
  }

  /** A client that finds an open port whose guest still boots waits 5 s and more before it tries again, as Packer does. */
  async #whenBooted(vm: Vm): Promise<VmView> {
    if (vm.machine !== undefined)
      await settlesWithin(Promise.race([vm.machine.whenBooted(), vm.machine.ended]), bootWaitMs);
    return this.#view(vm);
  }

  #find(instanceId: string): Vm {
    const vm = this.#vms.get(instanceId);
    if (vm === undefined)
      throw new VmError('InvalidInstanceID.NotFound', 404, `The instance ID '${instanceId}' does not exist`);
    return vm;
  }

  #file(spec: VmSpec, name: string): string {
    return join(vmFolder(this.#settings.stateDir, spec.instanceId), name);
  }

  async #makeFolder(spec: VmSpec): Promise<void> {
    const metadata = {
      'instance-id': `${spec.instanceId}\n`,
      'authorized-keys': `${spec.authorizedKeys}\n`,
      // QEMU refuses an empty file; the guest takes user data for a script only when it begins with "#!".
      'user-data': Buffer.concat([Buffer.from(spec.userData, 'base64'), Buffer.from('\n')]),
    } satisfies Record<(typeof metadataNames)[number], string | Buffer>;
    const imageDisk = await this.#images.find(spec.imageId);
    await mkdir(this.#file(spec, 'metadata'), { recursive: true });
    for (const [name, content] of Object.entries(metadata))
      await writeFile(join(this.#file(spec, 'metadata'), name), content);
    await linkOnce(imageDisk, this.#file(spec, 'image.qcow2'));
    await createOverlay(this.#file(spec, 'image.qcow2'), this.#file(spec, 'disk.qcow2'));
    await writeSpec(this.#settings.stateDir, spec);
  }

  async #start(vm: Vm): Promise<Vm> {
    if (vm.machine !== undefined) return vm;
    await vm.cleared;
    const { accelerator, memoryMib, sshPort, stateDir } = this.#settings;
    const { spec } = vm;
    const machine = await startMachine(
      {
        accelerator,
        memoryMib,
        disk: this.#file(spec, 'disk.qcow2'),
        metadataFolder: this.#file(spec, 'metadata'),
        consoleLog: this.#file(spec, 'console.log'),
        ssh: { address: spec.address, port: sshPort },
      },
      this.#file(spec, 'qemu.log'),
    ).catch((cause: unknown) => {
      throw new VmError('InsufficientInstanceCapacity', 500, String(cause), { cause });
    });
    vm.machine = machine;
    vm.rebooting = false;
    vm.cleared = machine.ended.then(() => this.#clear(vm, machine));
    await recordProcess(stateDir, spec.instanceId, machine.pid);
    return vm;
  }

  async #clear(vm: Vm, machine: Machine): Promise<void> {
    vm.machine = undefined;
    if (machine.endedForReboot && !vm.rebooting && !this.#closing) {
      vm.rebooting = true;
      void this.#lock.run(vm.spec.instanceId, () => this.#startAgain(vm));
    }
    await forgetProcess(this.#settings.stateDir, vm.spec.instanceId);
  }

  /** Goes on with a reboot that the guest began, unless it was stopped or terminated meanwhile. */
  async #startAgain(vm: Vm): Promise<void> {
    if (!vm.rebooting || this.#vms.get(vm.spec.instanceId) !== vm) return;
    try {
      await this.#start(vm);
    } catch (error) {
      vm.rebooting = false;
      console.error(`${vm.spec.instanceId} does not come back from its reboot:`, error);
    }
  }

  #view(vm: Vm): VmView {
    return {
      instanceId: vm.spec.instanceId,
      imageId: vm.spec.imageId,
      address: vm.spec.address,
      port: this.#settings.sshPort,
      state: vm.machine === undefined && !vm.rebooting ? 'stopped' : 'running',
      pid: vm.machine?.pid,
      disk: this.#file(vm.spec, 'disk.qcow2'),
    };
  }
}
