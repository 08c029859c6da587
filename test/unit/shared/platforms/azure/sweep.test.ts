import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { inventories, type Site, sweepTwice, type Thing } from '../../../../support/sweep-world.ts';
import { type Azure, inGroup, openAzure } from './client-support.ts';

const types = {
  machine: 'Microsoft.Network/networkInterfaces',
  image: 'Microsoft.Compute/images',
  named: 'Microsoft.Compute/disks',
};

const tagsOf = ({ tags }: Thing): Record<string, string> =>
  Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) =>
      value === undefined ? [] : [[`goldsmith:${key}`, value]],
    ),
  );

/** A group of the customer's with things in it. */
const group = (azure: Azure): Site => ({
  put: async (thing) => {
    azure.cloud.place({
      id: inGroup('builds', types[thing.kind], `thing-${thing.number}`),
      tags: tagsOf(thing),
    });
  },
  there: async () =>
    azure.cloud.ids().flatMap((id) => {
      const number = /\/thing-(\d+)$/.exec(id)?.[1];
      return number === undefined ? [] : Number(number);
    }),
  inventory: azure.account().inventory,
});

test('whatever is in a subscription of Azure, the sweep deletes what it must and nothing else (N1)', async () => {
  await fc.assert(
    fc.asyncProperty(inventories(['machine', 'image'], { min: 1, max: 10 }), async (cases) => {
      const azure = await openAzure();
      try {
        const { found, wanted } = await sweepTwice(group(azure), cases);
        expect(found).toEqual(wanted);
      } finally {
        await azure.close();
      }
    }),
    { numRuns: 15 },
  );
});
