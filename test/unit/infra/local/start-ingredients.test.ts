import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  npmPackages,
  pythonEnvironments,
  pythonVenvPackage,
  systemPackages,
} from '../../../../infra/local/bootstrap/ingredients.mjs';
import { describePlan } from '../../../../infra/local/bootstrap/plan.mjs';
import { systemPackages as wantedByEc2 } from '../../../../infra/local/standins/ec2/requirements.ts';

const checkout = join(import.meta.dirname, '../../../..');
const read = (path: string) => readFileSync(join(checkout, path), 'utf8');

test('names every package of the system that the stand-in for EC2 wants', () => {
  const offered = [...systemPackages, pythonVenvPackage].map((each) => each.package);
  expect(offered).toEqual(expect.arrayContaining(wantedByEc2.map((each) => each.package)));
});

test.each(pythonEnvironments)('names the version of $name that its requirements pin', (environment) => {
  const pinned = read(join('infra/local', environment.requirements));
  expect(pinned).toContain(`${environment.name.toLowerCase()}==${environment.version}\n`);
});

test('names the version of Node that package.json pins', () => {
  const node = npmPackages.find((each) => each.name === 'Node.js');
  expect(JSON.parse(read('package.json'))).toMatchObject({ devDependencies: { node: node?.version } });
});

test('the plan says of each thing its name, version, size, licence and why, and the sum', () => {
  const plan = describePlan({ apt: [], npm: npmPackages, python: [], disk: [] });
  for (const { name, version, megabytes, licence, why } of npmPackages) {
    const line = plan.split('\n').find((each) => each.startsWith(`  ${name} `));
    for (const part of [version, `${megabytes} MB`, licence, why]) expect(line).toContain(part);
  }
  const sum = npmPackages.reduce((all, each) => all + each.megabytes, 0);
  expect(plan).toContain(`about ${sum} MB in all`);
});
