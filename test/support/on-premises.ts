import type { RunSnapshot, SnapshotFile } from '../../shared/contracts/snapshot.ts';
import { powershell, shell, snapshot, step } from '../unit/shared/packer/fixtures.ts';
import { ulid } from './builders.ts';
import { builderSettings, type connectionBodies, type ExampleType } from './platform-bodies.ts';
import { storedBuilder, storedConnection, storedSystem } from './stored-entities.ts';

/** A build on a hypervisor. */
export type OnPremises = {
  builderType: ExampleType;
  settings: object;
  connection: keyof typeof connectionBodies;
  images: readonly object[];
  family?: 'linux' | 'windows';
};

/** A builder with these settings and none of the example's. */
const builderWith = (type: ExampleType, settings: object) => {
  const none = Object.fromEntries(Object.keys(builderSettings[type]).map((key) => [key, undefined]));
  return storedBuilder(type, { ...none, ...settings });
};

/** An uploaded file of an unattended installation. */
const answers = (fileName: string): SnapshotFile => ({
  resourceId: `res_${ulid('R')}`,
  name: 'answers',
  version: 3,
  fileName,
  sizeBytes: 1234,
  sha256: '0a'.repeat(32),
});

/** The snapshot of such a build, with one step of its family. */
export const onPremises = ({
  builderType,
  settings,
  connection,
  images,
  family = 'linux',
}: OnPremises): RunSnapshot => {
  const isWindows = family === 'windows';
  return {
    ...snapshot(),
    operatingSystem: {
      ...storedSystem(images, { family, distribution: isWindows ? 'windows' : 'debian' }),
      name: isWindows ? 'Windows Server 2022' : 'Debian 12',
    },
    builderConfiguration: builderWith(builderType, settings),
    connection: storedConnection(connection),
    steps: [step(1, isWindows ? powershell() : shell())],
    files: [answers(isWindows ? 'autounattend.xml' : 'preseed.cfg')],
  };
};

/** The same snapshot with other settings of its builder; `undefined` takes one away. */
export const withSettings = (from: RunSnapshot, settings: object): RunSnapshot => ({
  ...from,
  builderConfiguration: builderWith(from.builderConfiguration.builderType, {
    ...from.builderConfiguration.settings,
    ...settings,
  }),
});
