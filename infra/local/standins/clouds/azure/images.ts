import type { CloudAnswer } from '../cloud.ts';
import { type Context, machineOf } from './context.ts';
import { created, ok, refuse } from './answers.ts';
import { at, listAt, objectAt, type JsonObject, tagsAt, textAt } from './json.ts';
import { placeOf, type Resource, shown } from './store.ts';

/**
 * VMs that become images. Answers after VirtualMachine_Generalize and Image_CreateFromAVirtualMachine of
 * Microsoft.Compute 2024-07-01, GalleryImageVersion_Create and …_WithVmAsSource of 2023-07-03 (azure-rest-api-specs).
 */

const change = ({ store }: Context, vm: Resource, properties: JsonObject): void => {
  store.put({ ...vm, properties: { ...vm.properties, ...properties } });
};

/** POST of an action on a VM. */
export const actOnMachine = async (context: Context, id: string, action: string): Promise<CloudAnswer> => {
  const vm = context.store.demand(id);
  if (action === 'generalize') change(context, vm, { isGeneralised: true });
  else if (action === 'deallocate') await context.machines.stop(machineOf(vm.id));
  else refuse(400, 'InvalidRequest', `The action ${action} is not known here.`);
  return { status: 200 };
};

const systemOf = (vm: Resource): string =>
  textAt(vm.properties, 'storageProfile', 'osDisk', 'osType') ?? 'Linux';

const demandGeneralised = (vm: Resource): void => {
  if (vm.properties['isGeneralised'] !== true)
    refuse(
      409,
      'OperationNotAllowed',
      `Creating an image of '${vm.id}' is not allowed: the VM is not generalized.`,
    );
};

/** PUT of a managed image: of a generalised VM. */
export const putImage = async (context: Context, id: string, body: unknown): Promise<CloudAnswer> => {
  const vm = context.store.demand(textAt(body, 'properties', 'sourceVirtualMachine', 'id') ?? '');
  demandGeneralised(vm);
  const disk = textAt(vm.properties, 'storageProfile', 'osDisk', 'managedDisk', 'id');
  const osDisk = { osType: systemOf(vm), osState: 'Generalized', managedDisk: { id: disk } };
  const image = context.store.put({
    id,
    location: textAt(body, 'location') ?? vm.location,
    tags: tagsAt(body, 'tags'),
    properties: {
      sourceVirtualMachine: { id: vm.id },
      hyperVGeneration: 'V2',
      storageProfile: { osDisk, dataDisks: [], ...objectAt(body, 'properties', 'storageProfile') },
    },
  });
  await context.machines.capture(machineOf(vm.id), id.toLowerCase());
  context.captured.set(id.toLowerCase(), id.toLowerCase());
  return created(shown(image));
};

/** The source of a version: a managed image, named in the older or the newer place, or a VM. */
const sourceOf = (body: unknown): { imageId?: string | undefined; vmId?: string | undefined } => {
  const source = at(body, 'properties', 'storageProfile', 'source');
  return {
    imageId:
      textAt(body, 'properties', 'publishingProfile', 'source', 'managedImage', 'id') ?? textAt(source, 'id'),
    vmId: textAt(source, 'virtualMachineId'),
  };
};

const capture = async (context: Context, id: string, body: unknown): Promise<string> => {
  const { imageId, vmId } = sourceOf(body);
  if (vmId !== undefined) {
    const vm = context.store.demand(vmId);
    await context.machines.capture(machineOf(vm.id), id.toLowerCase());
    return id.toLowerCase();
  }
  const image = context.store.demand(imageId ?? '');
  return context.captured.get(image.id.toLowerCase()) ?? image.id.toLowerCase();
};

/** PUT of a version of a gallery image. The gallery and the image definition must be there. */
export const putVersion = async (context: Context, id: string, body: unknown): Promise<CloudAnswer> => {
  context.store.demand(id.replace(/\/versions\/[^/]+$/i, ''));
  const image = await capture(context, id, body);
  const profile = objectAt(body, 'properties', 'publishingProfile');
  const targetRegions = listAt(profile, 'targetRegions').map((one) => ({
    regionalReplicaCount: 1,
    storageAccountType: 'Standard_LRS',
    ...objectAt(one),
  }));
  const version = context.store.put({
    id,
    location: textAt(body, 'location') ?? '',
    tags: tagsAt(body, 'tags'),
    properties: {
      ...objectAt(body, 'properties'),
      publishingProfile: { ...profile, targetRegions, publishedDate: new Date().toISOString() },
    },
  });
  context.captured.set(id.toLowerCase(), image);
  return created(shown(version));
};

/** A resource goes, with all below it; so do the machines behind its VMs. */
export const remove = async (context: Context, id: string): Promise<CloudAnswer> => {
  const gone = context.store.remove(id);
  for (const resource of gone) {
    if (resource.type.toLowerCase() === 'microsoft.compute/virtualmachines')
      await context.machines.stop(machineOf(resource.id));
    context.captured.delete(resource.id.toLowerCase());
  }
  return gone.length === 0 ? { status: 204 } : ok({ name: placeOf(id)?.name });
};
