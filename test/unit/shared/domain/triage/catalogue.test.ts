import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCatalogueSchema } from '../../../../../shared/contracts/error-catalogue.ts';
import { platformKinds } from '../../../../../shared/contracts/platforms/kinds.ts';
import {
  type ErrorId,
  errorCatalogue,
  isErrorId,
  listErrors,
} from '../../../../../shared/domain/triage/catalogue.ts';
import { failureOf } from '../../../../../shared/domain/triage/classify.ts';
import { failuresPage } from '../../../../support/failures-page.ts';
import { samples } from './all-samples.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../../..');
const keysOf = Object.keys(errorCatalogue).filter(isErrorId);

/** Ids of the first releases: clients know them, so they stay and mean what they meant. */
const FIRST_IDS =
  `credentials-invalid role-not-assumable account-disabled permission-denied platform-unreachable
  ssh-authentication ssh-timeout winrm-timeout windows-password-timeout script-failed script-disconnected upload-failed
  provisioner-os-mismatch resource-unavailable image-name-taken network-not-found region-invalid instance-type-invalid
  architecture-mismatch encryption-key-unusable instance-profile-invalid text-not-usable builder-setting-invalid
  resource-group-not-found gallery-not-found image-not-shareable packer-too-old base-image-not-found base-image-ambiguous
  base-image-mismatch base-image-not-subscribed quota-exceeded insufficient-capacity requests-throttled run-timed-out
  step-timed-out build-vm-not-ready image-creation-failed image-missing-after-build build-interrupted runner-not-started
  runner-lost workflow-lost packer-crashed packer-plugin-missing template-invalid unclassified`.split(/\s+/);

/** Every program of ours but the triage itself, as text. */
const ourSources = (): string =>
  ['functions', 'shared/actions', 'shared/packer', 'shared/platforms', 'shared/domain/definition']
    .flatMap((folder) =>
      readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => readFileSync(path.join(ROOT, folder, name), 'utf8')),
    )
    .join('\n');

describe('the error catalogue', () => {
  it('is what the contract says, with at least forty ids in all seven categories (N4)', () => {
    const { items } = errorCatalogueSchema.parse({ items: listErrors() });
    expect(items.length).toBeGreaterThanOrEqual(40);
    expect(new Set(items.map((item) => item.category)).size).toBe(7);
    for (const { id, title, meaning, remedy } of items) {
      expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(isErrorId(id)).toBe(true);
      expect(title.length).toBeGreaterThan(5);
      for (const text of [meaning, remedy]) expect(text).toMatch(/^[A-Z].{8,}[.]$/s);
    }
    expect(new Set(items.map(({ title }) => title)).size).toBe(items.length);
  });

  it('keeps every id that it ever had', () => {
    expect(FIRST_IDS.filter((id) => !isErrorId(id))).toEqual([]);
  });

  it('has for every id a sample, or a place of ours that makes it without any output of Packer', () => {
    const told = new Set<ErrorId>(samples.map(({ errorId }) => errorId));
    const sources = ourSources();
    const untold = keysOf.filter((id) => !told.has(id) && id !== 'unclassified');
    expect(untold.filter((id) => !sources.includes(`'${id}'`))).toEqual([]);
    expect(untold.length).toBeLessThan(12);
  });

  it('does not take inherited words for ids', () => {
    expect(isErrorId('toString')).toBe(false);
  });
});

describe('the documentation of failures', () => {
  it('is the catalogue, with a line that was seen for each id (run vitest with -u to write it)', async () => {
    await expect(failuresPage(samples)).toMatchFileSnapshot(path.join(ROOT, 'docs/failures.md'));
  });

  it('has the anchor that each entry names', () => {
    for (const { id, documentation } of listErrors()) {
      const [file = '', anchor] = documentation.split('#');
      expect(anchor).toBe(id);
      expect(readFileSync(path.join(ROOT, file), 'utf8')).toContain(`\n### ${id}\n`);
    }
  });
});

const PLACES = [
  'C:\\Windows\\Temp',
  '%TEMP%',
  'Event Viewer',
  'Application',
  'System',
  'DISM',
  'CBS',
  'Panther',
];
const places = [...PLACES, 'setupact', 'setuperr', 'removed'];
const onPremises = Object.entries(platformKinds).flatMap(([platform, { runsOn }]) =>
  runsOn === 'connector' ? [platform] : [],
);

describe('the remedy of a failed Windows build (S156, S157)', () => {
  const ids = [
    'script-failed',
    'winrm-timeout',
    'sysprep-failed',
    'step-timed-out',
    'run-timed-out',
    'unclassified',
  ];

  it.each(onPremises)('names the usual places of logs on %s, and why they may be missing', (name) => {
    for (const [platform] of Object.entries(platformKinds).filter(([id]) => id === name)) {
      if (!isPlatform(platform)) throw new Error(`no platform ${platform}`);
      for (const id of ids.filter(isErrorId)) {
        const { remedy } = failureOf(id, { message: 'x' }, { platform, family: 'windows' });
        for (const place of places) expect(remedy).toContain(place);
        expect(remedy.startsWith(errorCatalogue[id].remedy)).toBe(true);
        expect(remedy).toContain(platformKinds[platform].title);
      }
    }
  });

  it('is told in the catalogue as well, for whatever can happen in the machine', () => {
    const entries = new Map(listErrors().map((entry) => [entry.id, entry]));
    for (const id of ids)
      for (const place of places) expect(entries.get(id)?.remedyOnWindows).toContain(place);
    expect(entries.get('credentials-invalid')).not.toHaveProperty('remedyOnWindows');
  });

  it('says nothing of Windows where none is built, where nobody knows, and before there is a machine', () => {
    const windows = { platform: 'vsphere', family: 'windows' } as const;
    const linux = { platform: 'vsphere', family: 'linux' } as const;
    expect(failureOf('script-failed', { message: 'x' }, linux).remedy).toBe(
      errorCatalogue['script-failed'].remedy,
    );
    expect(failureOf('script-failed', { message: 'x' }).remedy).toBe(errorCatalogue['script-failed'].remedy);
    const refused = failureOf('credentials-invalid', { message: 'x' }, windows);
    expect(refused.remedy).toBe(errorCatalogue['credentials-invalid'].remedy);
  });

  it('is added to any failure of a step: then there was a machine', () => {
    const failure = failureOf(
      'image-name-taken',
      { message: 'x', step: 'install' },
      { platform: 'hyperv', family: 'windows' },
    );
    expect(failure.remedy).toContain('setuperr.log');
  });
});

function isPlatform(id: string): id is keyof typeof platformKinds {
  return Object.hasOwn(platformKinds, id);
}
