import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildNeeds, connectionNeeds } from '../../../../../shared/platforms/gcp/permissions.ts';
import { gcpSnapshot } from './cases.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../../docs/gcp.md'), 'utf8');

/** Permissions in the page's table: `compute.disks.{create,delete}` stands for two. */
const documented = page
  .split('\n')
  .filter((line) => line.startsWith('| the '))
  .flatMap((line) => [...line.matchAll(/`([a-zA-Z]+\.[a-zA-Z]+)\.(?:\{([a-zA-Z,]+)\}|([a-zA-Z]+))`/g)])
  .flatMap(([, resource, many, one]) => (many ?? one ?? '').split(',').map((verb) => `${resource}.${verb}`));

const asked = (settings: object): string[] =>
  buildNeeds(gcpSnapshot({ settings })).flatMap(({ permissions, elsewhere }) => [
    ...permissions,
    ...elsewhere,
  ]);

describe('permissions on Google Cloud (S150)', () => {
  it('are documented as they are asked for', () => {
    expect([...new Set(documented)].sort()).toEqual([...new Set(asked({ useIap: true }))].sort());
  });

  it('are each asked for once in a project', () => {
    const all = asked({ useIap: true });
    expect(new Set(all).size).toBe(all.length);
  });

  it('are fewer where less is built', () => {
    expect(asked({ disableDefaultServiceAccount: true })).not.toContain('iam.serviceAccounts.actAs');
    expect(asked({ omitExternalIp: true })).not.toContain('compute.subnetworks.useExternalIp');
    expect(asked({})).not.toContain('iap.tunnelInstances.accessViaIAP');
  });

  it('of a connection are those of any builder without a tunnel', () => {
    const { permissions, elsewhere } = connectionNeeds('images-prod');
    expect([...permissions, ...elsewhere].sort()).toEqual(asked({}).sort());
  });
});
