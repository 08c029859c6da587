import * as z from 'zod';
import { alreadyExists, apiError, notFound } from './answers.ts';
import {
  bodyAs,
  checkName,
  type Context,
  filtered,
  type Handler,
  ok,
  URL_BASE,
  zoneOperation,
} from './context.ts';
import { imageAt } from './images.ts';
import { checkNetwork } from './places.ts';
import type { Disk, Instance } from './state.ts';

type Kind = 'instances' | 'disks';
const pathOf = ({ part }: Context, kind: Kind, name: string): string =>
  `projects/${part('project')}/zones/${part('zone')}/${kind}/${name}`;

/** An instance as the REST reference shows it ("REST Resource: instances"). */
const shown = ({ name, zone, status, labels, metadata, address }: Instance, project: string) => ({
  kind: 'compute#instance',
  id: '7654321987654321987',
  name,
  status,
  labels,
  zone: `${URL_BASE}/projects/${project}/zones/${zone}`,
  metadata: { kind: 'compute#metadata', fingerprint: '5oTJwrHQ7gg=', ...metadata },
  networkInterfaces: [
    {
      kind: 'compute#networkInterface',
      name: 'nic0',
      ...(address === undefined ? {} : { networkIP: address }),
      accessConfigs: [{ type: 'ONE_TO_ONE_NAT', ...(address === undefined ? {} : { natIP: address }) }],
    },
  ],
  selfLink: `${URL_BASE}/projects/${project}/zones/${zone}/instances/${name}`,
});

const demandInstance = (context: Context): { path: string; instance: Instance } => {
  const path = pathOf(context, 'instances', context.part('instance'));
  const instance = context.state.instances.get(path);
  if (instance === undefined) throw notFound(path);
  return { path, instance };
};

export const getInstance: Handler = (context) =>
  ok(shown(demandInstance(context).instance, context.part('project')));

/** Instances of all zones, zone by zone ("instances.aggregatedList"). */
export const listAllInstances: Handler = (context) => {
  const project = context.part('project');
  const own = [...context.state.instances].filter(([path]) => path.startsWith(`projects/${project}/`));
  const found = filtered(
    own.map(([, instance]) => instance),
    context,
  );
  const zones = Map.groupBy(found, ({ zone }) => `zones/${zone}`);
  const items = Object.fromEntries(
    [...zones].map(([zone, some]) => [zone, { instances: some.map((one) => shown(one, project)) }]),
  );
  return ok({ kind: 'compute#instanceAggregatedList', items });
};

export const listInstances: Handler = (context) => {
  const prefix = pathOf(context, 'instances', '');
  const own = [...context.state.instances].filter(([path]) => path.startsWith(prefix));
  const found = filtered(
    own.map(([, instance]) => instance),
    context,
  );
  const items = found.map((instance) => shown(instance, context.part('project')));
  return ok({ kind: 'compute#instanceList', ...(items.length === 0 ? {} : { items }) });
};

export const serialPort: Handler = (context) => {
  demandInstance(context);
  return ok({ kind: 'compute#serialPortOutput', contents: '', start: '0', next: '0' });
};

const insertBody = z.object({
  name: z.string(),
  machineType: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
  // Packer 1.6 sends an empty entry before each that it means.
  metadata: z.object({ items: z.array(z.object({ key: z.string(), value: z.string() }).nullable()) }),
  disks: z.tuple([
    z.object({
      autoDelete: z.boolean().default(false),
      initializeParams: z.object({
        sourceImage: z.string(),
        diskName: z.string().optional(),
        diskSizeGb: z.string(),
      }),
    }),
  ]),
  networkInterfaces: z.tuple([
    z.object({ network: z.string().optional(), subnetwork: z.string().optional() }),
  ]),
});
type Insert = z.infer<typeof insertBody>;

const newDisk = (context: Context, { name, disks: [disk] }: Insert): [string, Disk] => {
  const { sourceImage, diskName = name, diskSizeGb } = disk.initializeParams;
  const image = imageAt(context.state, sourceImage);
  if (image === undefined) throw notFound(sourceImage);
  if (Number(diskSizeGb) < Number(image.diskSizeGb))
    throw apiError(
      400,
      'invalid',
      `Invalid value for field 'resource.disks[0].initializeParams.diskSizeGb': '${diskSizeGb}'. Requested disk size cannot be smaller than the image size (${image.diskSizeGb} GB)`,
    );
  const zone = context.part('zone');
  return [pathOf(context, 'disks', diskName), { name: diskName, zone, sizeGb: diskSizeGb, sourceImage }];
};

/** The key of the first line of `ssh-keys`: `user:ssh-rsa AAAA… user` ("Add SSH keys to VMs", instance metadata). */
const publicKeyOf = ({ metadata }: Instance): string | undefined =>
  metadata.items
    .find(({ key }) => key === 'ssh-keys')
    ?.value.split('\n')[0]
    ?.replace(/^[^:]+:/, '');

/** A machine of that image, which the key in its metadata opens; without a key nobody could come in, and none is started. */
const boot = async ({ machines, state }: Context, instance: Instance, disk: Disk): Promise<void> => {
  const publicKey = publicKeyOf(instance);
  const image = imageAt(state, disk.sourceImage)?.machineImage;
  if (publicKey !== undefined) {
    const kept = image === undefined ? {} : { image };
    const { address } = await machines.start({ name: instance.name, publicKey, ...kept });
    instance.address = address;
  }
  instance.status = 'RUNNING';
};

/** Quota is taken by an instance, and given back when it ends; it is the operation that fails. */
const checkQuota = ({ state, part }: Context, { machineType }: Insert): void => {
  const quota = state.quotas.get('CPUS');
  const type = state.machineTypes.get(machineType.slice(machineType.lastIndexOf('/') + 1));
  if (type === undefined) throw notFound(machineType);
  if (quota === undefined || quota.usage + type.guestCpus <= quota.limit) return;
  const region = part('zone').replace(/-[a-z]$/, '');
  throw apiError(
    403,
    'quotaExceeded',
    `Quota 'CPUS' exceeded.  Limit: ${quota.limit}.0 in region ${region}.`,
  );
};

export const insertInstance: Handler = (context) => {
  const { state } = context;
  const body = bodyAs(insertBody, context);
  checkName(body.name);
  const path = pathOf(context, 'instances', body.name);
  if (state.instances.has(path)) throw alreadyExists(path);
  checkNetwork(context, body.networkInterfaces[0]);
  checkQuota(context, body);
  const [diskPath, disk] = newDisk(context, body);
  return zoneOperation(context, async () => {
    const items = body.metadata.items.flatMap((item) => item ?? []);
    const instance: Instance = {
      name: body.name,
      zone: context.part('zone'),
      status: 'PROVISIONING',
      labels: body.labels,
      metadata: { items },
      disk: diskPath,
      address: undefined,
    };
    state.disks.set(diskPath, disk);
    state.instances.set(path, instance);
    await boot(context, instance, disk);
  });
};

/** The disk outlives the machine, so it is kept before that goes. */
export const deleteInstance: Handler = (context) => {
  const { state, machines } = context;
  const { path, instance } = demandInstance(context);
  return zoneOperation(context, async () => {
    const disk = state.disks.get(instance.disk);
    if (disk !== undefined && instance.address !== undefined) {
      disk.machineImage = `disk-of-${instance.name}`;
      await machines.capture(instance.name, disk.machineImage);
      await machines.stop(instance.name);
    }
    state.instances.delete(path);
  });
};

const demandDisk = (context: Context): { path: string; disk: Disk } => {
  const path = pathOf(context, 'disks', context.part('disk'));
  const disk = context.state.disks.get(path);
  if (disk === undefined) throw notFound(path);
  return { path, disk };
};

/** A disk as the REST reference shows it ("REST Resource: disks"). */
const shownDisk = (path: string, { name, zone, sizeGb, sourceImage }: Disk, { state, part }: Context) => ({
  kind: 'compute#disk',
  name,
  status: 'READY',
  sizeGb,
  sourceImage,
  zone: `${URL_BASE}/projects/${part('project')}/zones/${zone}`,
  selfLink: `${URL_BASE}/${path}`,
  users: [...state.instances]
    .filter(([, { disk }]) => disk === path)
    .map(([instance]) => `${URL_BASE}/${instance}`),
});

/** Disks of all zones, zone by zone ("disks.aggregatedList"). */
export const listAllDisks: Handler = (context) => {
  const own = [...context.state.disks].filter(([path]) =>
    path.startsWith(`projects/${context.part('project')}/`),
  );
  const wanted = new Set(
    filtered(
      own.map(([, disk]) => disk),
      context,
    ),
  );
  const found = own.filter(([, disk]) => wanted.has(disk));
  const zones = Map.groupBy(found, ([, { zone }]) => `zones/${zone}`);
  const items = Object.fromEntries(
    [...zones].map(([zone, some]) => [
      zone,
      { disks: some.map(([path, disk]) => shownDisk(path, disk, context)) },
    ]),
  );
  return ok({ kind: 'compute#diskAggregatedList', items });
};

export const getDisk: Handler = (context) => {
  const { path, disk } = demandDisk(context);
  return ok(shownDisk(path, disk, context));
};

export const deleteDisk: Handler = (context) => {
  const { state } = context;
  const { path } = demandDisk(context);
  const user = [...state.instances].find(([, instance]) => instance.disk === path)?.[0];
  if (user !== undefined)
    throw apiError(
      400,
      'resourceInUseByAnotherResource',
      `The disk resource '${path}' is already being used by '${user}'`,
    );
  return zoneOperation(context, async () => {
    state.disks.delete(path);
    await Promise.resolve();
  });
};
