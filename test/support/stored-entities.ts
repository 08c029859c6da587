/** The examples of platform-bodies.ts as they lie in the table: with an id, and their secrets sealed. */
import * as z from 'zod';
import { builderConfigurationStored } from '../../shared/contracts/entities/builder-configuration.ts';
import { connectionStored } from '../../shared/contracts/entities/connection.ts';
import { operatingSystemSchema } from '../../shared/contracts/entities/operating-system.ts';
import { provisionerStored } from '../../shared/contracts/entities/provisioner.ts';
import { at, base, ulid } from './builders.ts';
import {
  builderOf,
  connectionBodies,
  type ExampleType,
  type ProvisionerExample,
  provisionerOf,
  systemOf,
} from './platform-bodies.ts';

/** A body with each `{"value": …}` sealed; undefined fields are gone, as in a table. */
export const sealed = (body: object): Record<string, unknown> =>
  z
    .record(z.string(), z.unknown())
    .parse(
      JSON.parse(JSON.stringify(body), (key, value: unknown) =>
        typeof value === 'object' && value !== null && Object.keys(value).join() === 'value'
          ? { sealed: true, ciphertext: 'sealed', field: key, updatedAt: at(0) }
          : value,
      ),
    );

export const connectionId = `con_${ulid('C')}`;

export const storedBuilder = (type: ExampleType, settings: object = {}, fields: object = {}) =>
  builderConfigurationStored.parse({
    ...base(`bld_${ulid('B')}`, `a ${type}`),
    network: 'public',
    ...sealed(builderOf(type, settings, { connectionId, ...fields })),
  });

export const storedConnection = (example: keyof typeof connectionBodies) =>
  connectionStored.parse({ ...base(connectionId, example), ...sealed(connectionBodies[example]) });

export const storedSystem = (images: readonly object[], fields: object = {}) =>
  operatingSystemSchema.parse({
    ...base(`os_${ulid('S')}`, 'a system'),
    supportState: 'supported',
    ...sealed(systemOf(images, fields)),
  });

export const storedProvisioner = (type: ProvisionerExample, fields: object = {}) =>
  provisionerStored.parse({
    ...base(`prv_${ulid('P')}`, `a ${type}`),
    ...sealed(provisionerOf(type, fields)),
  });

/** A way to reach the platform of each builder type. */
export const connectionOf: Record<ExampleType, keyof typeof connectionBodies> = {
  'amazon-ebs': 'aws role',
  'azure-managed': 'azure client-secret',
  'azure-gallery': 'azure workload-identity',
  googlecompute: 'gcp service-account-key',
  'vsphere-iso': 'vsphere password',
  'vsphere-clone': 'vsphere token',
  'proxmox-iso': 'proxmox token',
  'proxmox-clone': 'proxmox password',
  'hyperv-iso': 'hyperv',
  nutanix: 'nutanix token',
  qemu: 'qemu',
};
