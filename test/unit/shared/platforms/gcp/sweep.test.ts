import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newState } from '../../../../../infra/local/standins/clouds/gcp/state.ts';
import { labelValue, machineName } from '../../../../../shared/platforms/gcp/names.ts';
import { inventories, type Site, sweepTwice, type Thing } from '../../../../support/sweep-world.ts';
import { gcpSnapshot } from './cases.ts';
import { accountOf, serveGcp } from './loopback.ts';

let served: Awaited<ReturnType<typeof serveGcp>>;
beforeAll(async () => {
  served = await serveGcp();
});
afterAll(() => served.close());

const ZONE = 'europe-west1-b';
const path = (kind: string, name: string) => `projects/images-prod/zones/${ZONE}/${kind}/${name}`;

const labelsOf = ({ tags }: Thing): Record<string, string> =>
  Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) =>
      value === undefined ? [] : [[`goldsmith-${key}`, labelValue(value)]],
    ),
  );

/** A project with nothing in it. */
const project = (): Site => {
  served.cloud.state = newState('images-prod');
  const { instances, images, disks } = served.cloud.state;
  const numbers = new Map<string, number>();
  const putMachine = (name: string, labels: Record<string, string>) =>
    instances.set(path('instances', name), {
      name,
      zone: ZONE,
      status: 'RUNNING',
      labels,
      metadata: { items: [] },
      disk: path('disks', name),
      address: '127.91.0.4',
    });
  const putImage = (name: string, labels: Record<string, string>) =>
    images.set(`images-prod/${name}`, {
      name,
      status: 'READY',
      diskSizeGb: '10',
      architecture: 'X86_64',
      creationTimestamp: '2026-01-01T00:00:00.000-08:00',
      labels,
    });
  const put = async (thing: Thing): Promise<void> => {
    const name = thing.kind === 'named' ? machineName(thing.runId) : `thing-${thing.number}`;
    numbers.set(name, thing.number);
    if (thing.kind === 'named')
      disks.set(path('disks', name), { name, zone: ZONE, sizeGb: '20', sourceImage: 'x' });
    if (thing.kind === 'machine') putMachine(name, labelsOf(thing));
    if (thing.kind === 'image') putImage(name, labelsOf(thing));
  };
  const there = async (): Promise<number[]> =>
    [...instances.values(), ...images.values(), ...disks.values()].flatMap(
      ({ name }) => numbers.get(name) ?? [],
    );
  return { put, there, inventory: accountOf(served.cloud, served.port, gcpSnapshot()).inventory };
};

test('whatever is in a project of Google Cloud, the sweep deletes what it must and nothing else (N1)', async () => {
  await fc.assert(
    fc.asyncProperty(inventories(['machine', 'image', 'named'], { min: 1, max: 10 }), async (cases) => {
      const { found, wanted } = await sweepTwice(project(), cases);
      expect(found).toEqual(wanted);
    }),
    { numRuns: 40 },
  );
});
