/** Snapshots of runs of definitions that nobody would think of: every part is anything that its contract takes. */
import * as fc from 'fast-check';
import * as z from 'zod';
import {
  builderConfigurationInput,
  builderConfigurationStored,
} from '../../shared/contracts/entities/builder-configuration.ts';
import { connectionInput, connectionStored } from '../../shared/contracts/entities/connection.ts';
import { imageDefinitionStored } from '../../shared/contracts/entities/image-definition.ts';
import type { BaseImage } from '../../shared/contracts/entities/image-version.ts';
import { operatingSystemSchema, osImageSchema } from '../../shared/contracts/entities/operating-system.ts';
import { provisionerInput, provisionerStored } from '../../shared/contracts/entities/provisioner.ts';
import { builderKinds } from '../../shared/contracts/platforms/kinds.ts';
import type { RunSnapshot, SnapshotFile, SnapshotStep } from '../../shared/contracts/snapshot.ts';
import { unfitParts } from '../../shared/domain/definition/runnable.ts';
import { mergeVariables } from '../../shared/domain/definition/environment.ts';
import { base, ulid } from './builders.ts';
import { sealed } from './stored-entities.ts';
import { platformCases } from './platform-cases.ts';
import { arbitraryOf } from './zod-arbitrary.ts';

export type BuilderType = keyof typeof builderKinds;
type Family = 'linux' | 'windows';
type Body = Record<string, unknown>;
const bodySchema = z.record(z.string(), z.unknown());

/** Bodies that a contract takes, of the variant with this value in the field that tells them apart. */
const bodiesOf = (contract: z.ZodDiscriminatedUnion, key: string, value: string): fc.Arbitrary<Body> => {
  const option = contract.options.find(
    (one) => one instanceof z.ZodObject && z.safeParse(one.shape[key], value).success,
  );
  if (option === undefined) throw new Error(`no ${key} ${value}`);
  return arbitraryOf(option)
    .filter((body) => contract.safeParse(body).success)
    .map((body) => bodySchema.parse(body));
};

const defaultsOf = (contract: z.ZodType, body: Body): Body => {
  const { success, data } = contract.safeParse(body);
  return success ? bodySchema.parse(data) : {};
};

/** What lies in the table when a body was saved; the contract's defaults are filled in. */
const saved = (contract: z.ZodType, body: Body, id: string): Body => ({
  ...base(id, 'generated'),
  ...sealed({ ...defaultsOf(contract, body), ...body }),
});

const PROVISIONERS = {
  linux: ['shell', 'file', 'ansible-local'],
  windows: ['powershell', 'windows-shell', 'file', 'windows-restart'],
} as const;

const stepsOf = (family: Family): fc.Arbitrary<SnapshotStep[]> => {
  const steps = PROVISIONERS[family].map((type) =>
    bodiesOf(provisionerInput, 'type', type)
      .map((body) => ({ ...body, osFamily: family }))
      .filter((body) => provisionerInput.safeParse(body).success)
      .map((body) => provisionerStored.parse(saved(provisionerInput, body, `prv_${ulid('P')}`))),
  );
  // Each step is a process of Packer's: nine runs of ten have none.
  const some = fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.oneof(...steps), { minLength: 1, maxLength: 3 }) },
  );
  return some.map((all) =>
    all.map((provisioner, at) => ({
      index: at + 1,
      groupId: `grp_${ulid('G')}`,
      groupName: 'generated',
      provisioner: { ...provisioner, id: `prv_${ulid(String(at))}` },
      environment: mergeVariables(family, 'environment' in provisioner ? provisioner.environment : {}),
    })),
  );
};

/** Packer fetches a list of checksums when it validates, and there is no network. */
const CHECKSUM = `sha256:${'0a'.repeat(32)}`;

const without = (fields: string[], body: Body): Body =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !fields.includes(name)));

/** Base images of a builder type, of no special place, so that they fit. */
const imagesOf = (builderType: BuilderType): fc.Arbitrary<Body> =>
  fc.oneof(
    ...builderKinds[builderType].imageTypes
      .filter((type) => type !== 'image-definition')
      .map((type) => bodiesOf(osImageSchema, 'type', type).map(anywhere)),
  );

const anywhere = (image: Body): Body =>
  without(['connectionId', 'region'], 'checksum' in image ? { ...image, checksum: CHECKSUM } : image);

/** The exact image of a case of the same kind; without one the template itself asks for it. */
const baseImageOf = (builderType: BuilderType, image: Body): BaseImage | undefined =>
  platformCases.find(
    ({ snapshot: { builderConfiguration, operatingSystem } }) =>
      builderConfiguration.builderType === builderType && operatingSystem.images[0]?.type === image['type'],
  )?.baseImage;

/** Every uploaded file that is asked for, named like one that somebody would upload. */
const filesOf = (steps: SnapshotStep[], image: Body): SnapshotFile[] => {
  const { unattended } = z
    .object({ unattended: z.object({ resourceIds: z.array(z.string()) }).optional() })
    .parse(image);
  const ofImage = (unattended?.resourceIds ?? []).map((resourceId) => ({ resourceId, version: 1 }));
  const ofSteps = steps.flatMap(({ provisioner }) =>
    'resourceId' in provisioner && provisioner.resourceId !== undefined
      ? [{ resourceId: provisioner.resourceId, version: provisioner.resourceVersion ?? 1 }]
      : [],
  );
  return [...ofImage, ...ofSteps].map(({ resourceId, version }, at) => ({
    resourceId,
    version,
    name: `file ${at}`,
    fileName: `file-${at}.yml`,
    sizeBytes: 8,
    sha256: 'a'.repeat(64),
  }));
};

export type GeneratedRun = { snapshot: RunSnapshot; baseImage: BaseImage | undefined };

const assembled = (parts: {
  builder: Body;
  connection: Body;
  image: Body;
  steps: SnapshotStep[];
  family: Family;
}): GeneratedRun => {
  const { builder, connection, image, steps, family } = parts;
  const snapshot: RunSnapshot = {
    schemaVersion: 1,
    workspaceId: `ws_${ulid('W')}`,
    definition: imageDefinitionStored.parse({
      ...base(`def_${ulid('D')}`, 'Web-Base'),
      operatingSystemId: `os_${ulid('S')}`,
      builderConfigurationId: `bld_${ulid('B')}`,
      provisionerRoleId: `rol_${ulid('R')}`,
    }),
    operatingSystem: operatingSystemSchema.parse({
      ...base(`os_${ulid('S')}`, 'generated'),
      family,
      distribution: 'generated',
      version: '1',
      architecture: 'x86_64',
      supportState: 'supported',
      images: [image],
    }),
    builderConfiguration: builderConfigurationStored.parse(
      saved(builderConfigurationInput, { ...builder, connectionId: `con_${ulid('C')}` }, `bld_${ulid('B')}`),
    ),
    connection: connectionStored.parse(saved(connectionInput, connection, `con_${ulid('C')}`)),
    role: { id: `rol_${ulid('R')}`, name: 'generated' },
    steps,
    files: filesOf(steps, image),
  };
  return { snapshot, baseImage: baseImageOf(snapshot.builderConfiguration.builderType, image) };
};

const isFit = ({ snapshot }: GeneratedRun): boolean => {
  const { definition, operatingSystem, builderConfiguration: builder, connection } = snapshot;
  return unfitParts({ definition, operatingSystem, builder, connection, layers: new Map() }).length === 0;
};

const login = {
  sshUsername: 'packer',
  sshPassword: { value: 'A password 1!' },
  winrmPassword: { value: 'A password 1!' },
};

const withoutDiscs = (body: Body): Body => ({
  ...body,
  settings: without(['secondaryIsoImages'], bodySchema.parse(body['settings'])),
});

/** Most builders cannot do without a way to log in, which chance seldom gives: these have one more often. */
const buildersOf = (builderType: BuilderType): fc.Arbitrary<Body> => {
  const bodies = bodiesOf(builderConfigurationInput, 'builderType', builderType);
  const withLogin = bodies
    .map((body) => ({ ...body, settings: { ...login, ...bodySchema.parse(body['settings']) } }))
    .filter((body) => builderConfigurationInput.safeParse(body).success);
  // Further discs lie on the host, where Packer looks for them.
  if (builderType === 'hyperv-iso') return withLogin.map(withoutDiscs);
  return builderType === 'amazon-ebs' ? bodies : fc.oneof({ weight: 9, arbitrary: withLogin }, bodies);
};

/** Packer 1.6 logs in to no platform by a token or by what it is: such connections would be thrown away. */
const isOld = ({ settings }: Body): boolean =>
  !/"type":"(token|workload-identity)"/.test(JSON.stringify(settings));

/** Runs of a builder type that would be accepted. */
export const runsOf = (builderType: BuilderType): fc.Arbitrary<GeneratedRun> => {
  const builder = buildersOf(builderType);
  const connection = bodiesOf(connectionInput, 'platform', builderKinds[builderType].platform).filter(isOld);
  const image = imagesOf(builderType);
  const ofFamily = (family: Family) =>
    fc.record({ family: fc.constant(family), builder, connection, image, steps: stepsOf(family) });
  return fc.oneof(ofFamily('linux'), ofFamily('windows')).map(assembled).filter(isFit);
};
