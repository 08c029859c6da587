import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import type { PackerGeneration } from '../../../../../shared/contracts/bundle.ts';
import type { RunSnapshot } from '../../../../../shared/contracts/snapshot.ts';
import {
  proxmoxCloneSettings,
  proxmoxIsoSettings,
} from '../../../../../shared/contracts/platforms/proxmox.ts';
import { compileBundle } from '../../../../../shared/packer/compile.ts';
import { proxmox } from '../../../../../shared/platforms/proxmox/index.ts';
import { withSettings } from '../../../../support/on-premises.ts';
import { replaced, settingsOf, usedIn } from '../../../../support/settings-coverage.ts';
import { run } from '../../packer/fixtures.ts';
import { full, windows } from './cases.ts';

const schemas = {
  'proxmox-iso': proxmoxIsoSettings(z.string()),
  'proxmox-clone': proxmoxCloneSettings(z.string()),
};
const types = ['proxmox-iso', 'proxmox-clone'] as const;
/** Values of settings that only a current Packer knows, and how a refusal names them. */
const MODERN_ONLY: [object, string][] = [
  [{ bios: 'ovmf' }, 'bios'],
  [{ efiConfig: { efiStoragePool: 'local' } }, 'efiConfig'],
  [{ tpmConfig: { tpmStoragePool: 'local' } }, 'tpmConfig'],
  [{ machine: 'q35' }, 'machine'],
  [{ rng0: { source: '/dev/urandom', maxBytes: 1 } }, 'rng0'],
  [{ serials: ['socket'] }, 'serials'],
  [{ numa: true }, 'numa'],
  [{ ballooningMinimum: 16 }, 'ballooningMinimum'],
  [{ cloudInitDiskType: 'sata' }, 'cloudInitDiskType'],
  [{ additionalIsoFiles: [{ isoFile: 'local:iso/x.iso' }] }, 'additionalIsoFiles'],
  [{ networkAdapters: [{ bridge: 'vmbr0', mtu: 9000 }] }, 'networkAdapters/mtu'],
  [
    { networkAdapters: [{ bridge: 'vmbr0', macAddress: 'repeatable' }] },
    'networkAdapters/macAddress repeatable',
  ],
];
const disk = { storagePool: 'local', diskSize: '1G' };
const ISO_ONLY: [object, string][] = [
  [{ isoDownloadPve: true }, 'isoDownloadPve'],
  [{ disks: [{ ...disk, asyncio: 'threads' }] }, 'disks/asyncio'],
  [{ disks: [{ ...disk, discard: true }] }, 'disks/discard'],
  [{ disks: [{ ...disk, ssd: true }] }, 'disks/ssd'],
  [{ disks: [{ ...disk, excludeFromBackup: true }] }, 'disks/excludeFromBackup'],
];
const CLONE_ONLY: [object, string][] = [
  [{ disks: [disk] }, 'disks'],
  [{ ipconfig: [{ ip: 'dhcp' }] }, 'ipconfig'],
  [{ nameserver: '10.0.0.1' }, 'nameserver'],
  [{ searchdomain: 'example.com' }, 'searchdomain'],
];
const refusals = {
  'proxmox-iso': [...MODERN_ONLY, ...ISO_ONLY],
  'proxmox-clone': [...MODERN_ONLY, ...CLONE_ONLY],
};
/** Values that are what Packer 1.6 does by itself. */
const USUAL = {
  bios: 'seabios',
  machine: 'pc',
  serials: [],
  numa: false,
  ballooningMinimum: 0,
  cloudInitDiskType: 'ide',
  additionalIsoFiles: [],
  taskTimeout: '10m',
};
/** Other values of settings that there is no builder without. */
const OTHER: Record<string, unknown> = {
  node: 'pve2',
  'disks/#/storagePool': 'other',
  'disks/#/diskSize': '1T',
  'networkAdapters/#/bridge': 'vmbr1',
  'efiConfig/efiStoragePool': 'other',
  'tpmConfig/tpmStoragePool': 'other',
  'rng0/source': '/dev/hwrng',
  'rng0/maxBytes': 1,
};

const samplesOf = (type: (typeof types)[number]): RunSnapshot[] => [
  windows[type],
  withSettings(windows[type], { winrmUseSsl: false }),
];
const templateOf = (snapshot: RunSnapshot, generation: PackerGeneration): string => {
  try {
    return compileBundle({ run, snapshot, platform: proxmox, generation }).files[0]?.content ?? '';
  } catch (error) {
    return String(error);
  }
};
const settingsIn = ({ builderConfiguration }: RunSnapshot) => builderConfiguration.settings;
const changes = (snapshot: RunSnapshot, setting: string, generation: PackerGeneration): boolean => {
  const settings = settingsIn(snapshot);
  const other: RunSnapshot = withSettings(snapshot, {
    ...Object.fromEntries(Object.keys(settings).map((key) => [key, undefined])),
    ...replaced(settings, setting, OTHER[setting]),
  });
  return templateOf(other, generation) !== templateOf(snapshot, generation);
};

describe.each(types)('the settings of %s', (type) => {
  const modern = [full[type].modern, ...samplesOf(type)];
  const old = full[type]['1.6'];

  it('are all tried here', () => {
    const used = new Set(modern.flatMap((one) => usedIn(settingsIn(one))));
    expect([...used].sort()).toEqual(settingsOf(schemas[type]));
  });

  it.each(settingsOf(schemas[type]))('reach a current Packer: %s', (setting) => {
    expect(modern.some((one) => changes(one, setting, 'modern'))).toBe(true);
  });

  it.each(usedIn(settingsIn(old)).filter((one) => !one.startsWith('winrm')))(
    'reach Packer 1.6: %s',
    (setting) => {
      expect(changes(old, setting, '1.6')).toBe(true);
    },
  );

  it.each(refusals[type])(
    'that Packer 1.6 does not know are refused there, by name: %o',
    (settings, name) => {
      expect(templateOf(withSettings(old, settings), '1.6')).toBe(
        `PlatformError: Packer 1.6 cannot do what is asked for by ${name}.`,
      );
      expect(templateOf(withSettings(old, settings), 'modern')).toMatch(/^\{/);
    },
  );

  it('are all known to Packer 1.6, refused there, or without effect', () => {
    const known = [...usedIn(settingsIn(old)), ...Object.keys(USUAL), 'winrmUsername', 'winrmPassword'];
    const named = refusals[type].flatMap(([settings]) => usedIn(settings));
    const all = new Set(
      [...known, ...named, ...usedIn(settingsIn(windows[type]))].map((one) => one.split('/')[0]),
    );
    const wanted = new Set(settingsOf(schemas[type]).map((one) => one.split('/')[0]));
    expect(all).toEqual(wanted);
  });

  it('that say what Packer 1.6 does by itself are no reason to refuse', () => {
    expect(templateOf(withSettings(old, USUAL), '1.6')).toBe(templateOf(old, '1.6'));
  });
});
