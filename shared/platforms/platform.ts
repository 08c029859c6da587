import type { PackerArtifact, TemporaryResource, VendedCredentials } from '../contracts/agent-protocol.ts';
import type { BundleDownload, BundleVariable, PackerGeneration } from '../contracts/bundle.ts';
import type { IdKind } from '../contracts/common.ts';
import type { Check } from '../contracts/entities/check.ts';
import type { ConnectionStored } from '../contracts/entities/connection.ts';
import type { BaseImage, Locator } from '../contracts/entities/image-version.ts';
import type { BuildVm } from '../contracts/entities/run.ts';
import type { PlatformId } from '../contracts/platforms/kinds.ts';
import type { SecretStored } from '../contracts/secret.ts';
import type { RunSnapshot } from '../contracts/snapshot.ts';
import type { ErrorId } from '../domain/triage/catalogue.ts';
import type { TemplateObject } from './expression.ts';
import { demandPlatform, type SnapshotOf } from './snapshot-of.ts';

export { PlatformError } from './errors.ts';

/** What identifies a run in names and tags of everything it makes. */
export type RunIdentity = {
  deploymentId: string;
  workspaceId: string;
  definitionId: string;
  runId: string;
  /** Name of the image that the run makes, without its version suffix. */
  imageName: string;
  number: number;
};

export type SourceInput<S extends RunSnapshot = RunSnapshot> = {
  run: RunIdentity;
  snapshot: S;
  /** The exact base image; without it the template asks the platform itself, as it stands when Packer starts. */
  baseImage?: BaseImage | undefined;
  generation: PackerGeneration;
  /** Endpoint of EC2 where the deployment names one (a VPC endpoint, an emulator); else the region's own. */
  ec2Endpoint?: string | undefined;
};

/** Packer's source block of one run and the files that it refers to. */
export type Source = {
  type: string;
  body: TemplateObject;
  files: { path: string; content: string }[];
  /** Uploaded files that the block refers to by their path in the job's folder. */
  downloads?: BundleDownload[];
  /** Variables that are no stored secret, and where each value comes from: `runner`, or words for people. */
  variables?: BundleVariable[];
  /** Generated provisioners behind the last step, such as a wait for the machine to be off. */
  closing?: TemplateObject[];
};

/** A variable of the template and the stored secret that it gets its value from. */
export type PlatformSecret = { variable: string; kind: IdKind; entityId: string } & Pick<
  SecretStored,
  'ciphertext' | 'field'
>;

/** Facts that a platform reads from one line of Packer's own output. */
export type OutputFacts = { buildVm?: Partial<BuildVm>; temporaries?: TemporaryResource[] };

/** A leftover found in the customer's account. */
export type FoundLeftover = { kind: string; locator: string };

/** Whose things are looked for: a workspace of this deployment. */
export type Owner = Pick<RunIdentity, 'deploymentId' | 'workspaceId'>;

/** Something in an account that carries the tags of a workspace of this deployment. */
export type TaggedResource = FoundLeftover & {
  runId: string;
  /** What runs are for: an image, or what an image is made of. All else is temporary. */
  isImage: boolean;
  /** It carries no tag: the run is known by a name that is made from its id, the deployment is not. */
  isNamed?: boolean;
  /** Deletes it and waits until it is gone; of what is gone already it is a success. */
  remove: () => Promise<void>;
};

/** What can be asked of a whole account, whatever runs are known. */
export type Inventory = {
  /** All that carries the tags of the owner and names a run, or the name of a run alone, in the order in which it can be deleted. `regions` besides the connection's own. */
  findTagged: (owner: Owner, regions: string[]) => Promise<TaggedResource[]>;
  /**
   * Those of the images that are there and can be used. Throws PlatformError when that cannot be told: nobody answers, or
   * they are in an account that the connection does not lead to.
   */
  locate: (locators: Locator[]) => Promise<Locator[]>;
};

/** The step that makes a Windows image ready for its first boot; its text is published as it is. */
export type GeneraliseStep = { name: string; script: string };

/** What is known when the images of an artifact are read. */
export type ArtifactContext<S extends RunSnapshot = RunSnapshot> = {
  snapshot: S;
  run: RunIdentity;
  /** AWS account, Azure subscription or project of Google Cloud. */
  accountId: string;
  /** Name of the machine that Packer ran on, where it is known: images of some builders are files there. */
  host?: string | undefined;
};

/** One check with the id of the catalogue that explains its failure. */
export type PlatformCheck = Check & { errorId?: ErrorId | undefined };

/** The pure part of a platform, as its folder writes it: about snapshots of its own builders. */
export type PlatformParts<P extends PlatformId> = {
  id: P;
  source: (input: SourceInput<SnapshotOf<P>>) => Source;
  /** Regions that a run makes things in, where a platform is asked region by region. */
  regions?: (snapshot: SnapshotOf<P>) => string[];
  /** Variables of the source block that carry secrets: of the connection and of the builder's settings. */
  secrets: (snapshot: SnapshotOf<P>) => PlatformSecret[];
  /** How Packer's credentials come to it: by the loopback endpoint of the runner, or by variables. */
  credentials: (snapshot: SnapshotOf<P>) => 'aws' | 'identity' | 'none';
  /** Where the build VM stands, and who a person logs in as. Throws PlatformError when nobody says. */
  buildSite: (snapshot: SnapshotOf<P>) => { user: string; region?: string };
  /** Plugins that Packer ≥ 1.7 needs, with exact versions. */
  plugins: Record<string, { source: string; version: string }>;
  /**
   * What a line says, with or without Packer's prefix. Scripts print into the same output: use it to show things,
   * and look at tags and names before you delete any.
   */
  readOutput: (text: string) => OutputFacts;
  /** Locators of the images in an artifact; empty when it is none of this platform's. */
  readArtifact: (artifact: PackerArtifact, context: ArtifactContext<SnapshotOf<P>>) => Locator[];
  /** Windows in a cloud only: the last step of every run (S85); Linux and on-premises have none. */
  generalise?: GeneraliseStep;
  /** What talks to the platform, loaded when it is needed; on-premises only a connector reaches it. */
  client?: () => Promise<{
    connect: (access: ConnectionAccess<SnapshotOf<P>>) => PlatformClient;
    open: (access: AccountAccess<P>) => AccountClient;
  }>;
};

/** A platform as the rest of the house sees it: any snapshot may be given, one of another platform throws. */
export type Platform = Omit<
  PlatformParts<PlatformId>,
  'source' | 'regions' | 'secrets' | 'credentials' | 'buildSite' | 'readArtifact' | 'client'
> & {
  source: (input: SourceInput) => Source;
  regions: (snapshot: RunSnapshot) => string[];
  secrets: (snapshot: RunSnapshot) => PlatformSecret[];
  credentials: (snapshot: RunSnapshot) => 'aws' | 'identity' | 'none';
  buildSite: (snapshot: RunSnapshot) => { user: string; region?: string };
  readArtifact: (artifact: PackerArtifact, context: ArtifactContext) => Locator[];
  client?: () => Promise<{
    connect: (access: ConnectionAccess) => PlatformClient;
    open: (access: AccountAccess) => AccountClient;
  }>;
};

type Decrypt = (secret: Pick<SecretStored, 'ciphertext' | 'field'>) => Promise<string>;

/** What is needed to act in a customer's account for one run; decrypts secrets of its connection. */
export type ConnectionAccess<S extends RunSnapshot = RunSnapshot> = {
  snapshot: S;
  run: RunIdentity;
  decrypt: Decrypt;
  /** A token that says who this deployment is, made for this connection (workload identity). */
  identityToken?: () => Promise<string>;
};

/** What is needed to act in a customer's account as a connection, without a run. */
export type AccountAccess<P extends PlatformId = PlatformId> = {
  connection: Extract<ConnectionStored, { platform: P }>;
  /** Tells the provider's own log who asks: an id of ours. */
  sessionName: string;
  decrypt: Decrypt;
  identityToken?: () => Promise<string>;
};

/** Who an image is shared with. */
export type SharePrincipal = { type: 'account' | 'organization' | 'organizational-unit'; id: string };

/** What can be done as a connection. Every method may throw PlatformError. */
export type AccountClient = {
  /** Whether the connection works: credentials first, then what builds need of the account. */
  verify: () => Promise<PlatformCheck[]>;
  /** Lets somebody use an image, or takes that back; repeating it is harmless. Undefined where there is no such thing. */
  share?: (locators: Locator[], region: string, principal: SharePrincipal) => Promise<void>;
  unshare?: (locators: Locator[], region: string, principal: SharePrincipal) => Promise<void>;
  /** What the daily sweep asks. */
  inventory: Inventory;
};

/** The part of a platform that talks to it for one run. Every method may throw PlatformError. */
export type PlatformClient = {
  /** AWS: credentials for this run's Packer, at most an hour old; ask again before they expire. */
  credentials?: () => Promise<VendedCredentials>;
  /** The exact base image for this run: the most specific match of the operating system's images. */
  resolveBaseImage: () => Promise<BaseImage>;
  /** Everything a run would meet in the account, looked at before a machine is made. `baseImage` is the resolved one. */
  preflight: (baseImage: BaseImage) => Promise<PlatformCheck[]>;
  /** Reads back what a build says it made; images that are not there or not usable are left out. */
  locate: (locators: Locator[]) => Promise<Locator[]>;
  /** AWS account, Azure subscription or project of Google Cloud. */
  accountId: () => Promise<string>;
  /** The build VM of this run as it stands now, if it is there. */
  describeBuildVm: () => Promise<BuildVm | undefined>;
  /** Everything temporary that carries this run's tags or names; `known` was reported by the runner. */
  findLeftovers: (known: TemporaryResource[]) => Promise<FoundLeftover[]>;
  /** Deletes one leftover and waits until it is gone; of one that is gone already it is a success. */
  removeLeftover: (leftover: FoundLeftover) => Promise<void>;
};

const demandConnection = <P extends PlatformId>(access: AccountAccess, platform: P): AccountAccess<P> => {
  const { connection } = access;
  const isOwn = (one: ConnectionStored): one is Extract<ConnectionStored, { platform: P }> =>
    one.platform === platform;
  if (!isOwn(connection)) throw new Error(`the connection is not of ${platform}`);
  return { ...access, connection };
};

/** A platform from the parts in its folder. */
export const definePlatform = <P extends PlatformId>(parts: PlatformParts<P>): Platform => {
  const { id, client, generalise, plugins, readOutput } = parts;
  const own = (snapshot: RunSnapshot): SnapshotOf<P> => demandPlatform(snapshot, id);
  const load = async (from: NonNullable<typeof client>) => {
    const { connect, open } = await from();
    return {
      connect: (access: ConnectionAccess) => connect({ ...access, snapshot: own(access.snapshot) }),
      open: (access: AccountAccess) => open(demandConnection(access, id)),
    };
  };
  return {
    id,
    plugins,
    readOutput,
    source: (input) => parts.source({ ...input, snapshot: own(input.snapshot) }),
    regions: (snapshot) => parts.regions?.(own(snapshot)) ?? [],
    secrets: (snapshot) => parts.secrets(own(snapshot)),
    credentials: (snapshot) => parts.credentials(own(snapshot)),
    buildSite: (snapshot) => parts.buildSite(own(snapshot)),
    readArtifact: (artifact, context) =>
      parts.readArtifact(artifact, { ...context, snapshot: own(context.snapshot) }),
    ...(generalise === undefined ? {} : { generalise }),
    ...(client === undefined ? {} : { client: () => load(client) }),
  };
};
