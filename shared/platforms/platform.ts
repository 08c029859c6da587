import type { PackerArtifact, TemporaryResource, VendedCredentials } from '../contracts/agent-protocol.ts';
import type { PackerGeneration } from '../contracts/bundle.ts';
import type { BaseImage, Locator } from '../contracts/entities/image-version.ts';
import type { BuildVm } from '../contracts/entities/run.ts';
import type { RunSnapshot } from '../contracts/snapshot.ts';
import type { ErrorId } from '../domain/triage/catalogue.ts';
import type { TemplateObject } from './expression.ts';

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

export type SourceInput = {
  run: RunIdentity;
  snapshot: RunSnapshot;
  baseImage: BaseImage;
  generation: PackerGeneration;
  /** Endpoint of EC2 where the deployment names one (a VPC endpoint, an emulator); else the region's own. */
  ec2Endpoint?: string | undefined;
};

/** Packer's source block of one run and the files that it refers to. */
export type Source = { type: string; body: TemplateObject; files: { path: string; content: string }[] };

/** Facts that a platform reads from one line of Packer's own output. */
export type OutputFacts = { buildVm?: Partial<BuildVm>; temporaries?: TemporaryResource[] };

/** A leftover found in the customer's account. */
export type FoundLeftover = { kind: string; locator: string };

/** The pure part of a platform: what the compiler, the runner and the domain ask. */
export type Platform = {
  id: string;
  /** Name of the final image of version `number`. */
  imageName: (name: string, number: number) => string;
  source: (input: SourceInput) => Source;
  /** Where the build VM stands, and who a person logs in as. Throws PlatformError when nobody says. */
  buildSite: (snapshot: RunSnapshot) => { user: string; region?: string };
  /** Plugins that Packer ≥ 1.7 needs, with exact versions. */
  plugins: Record<string, { source: string; version: string }>;
  /**
   * What a line says, with or without Packer's prefix. Scripts print into the same output: use it to show things,
   * and look at tags and names before you delete any.
   */
  readOutput: (text: string) => OutputFacts;
  /** Locators of the images in an artifact; empty when it is none of this platform's. `imageName` is the final one. */
  readArtifact: (artifact: PackerArtifact, run: { imageName: string; accountId: string }) => Locator[];
  client: () => Promise<{ connect: (access: ConnectionAccess) => PlatformClient }>;
};

/** What is needed to act in a customer's account; secrets already decrypted, only in Prepare, agent API and jobs. */
export type ConnectionAccess = {
  snapshot: RunSnapshot;
  run: RunIdentity;
  /** Decrypts one stored secret of the connection. */
  decrypt: (secret: { ciphertext: string; field: string }) => Promise<string>;
};

/** What a platform, or the template for it, does not accept, with the id of the catalogue that explains it. */
export class PlatformError extends Error {
  readonly errorId: ErrorId;
  constructor(errorId: ErrorId, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PlatformError';
    this.errorId = errorId;
  }
}

/** The part of a platform that talks to it. Every method may throw PlatformError. */
export type PlatformClient = {
  /** Credentials for this run's Packer, at most an hour old; ask again before they expire. */
  credentials: () => Promise<VendedCredentials>;
  /** The exact base image for this run: the most specific match of the operating system's images. */
  resolveBaseImage: () => Promise<BaseImage>;
  /** Reads back what a build says it made; images that are not there or not usable are left out. */
  locate: (locators: Locator[]) => Promise<Locator[]>;
  accountId: () => Promise<string>;
  /** The build VM of this run as it stands now, if it is there. */
  describeBuildVm: () => Promise<BuildVm | undefined>;
  /** Everything temporary that carries this run's tags or names; `known` was reported by the runner. */
  findLeftovers: (known: TemporaryResource[]) => Promise<FoundLeftover[]>;
  /** Deletes one leftover and waits until it is gone; of one that is gone already it is a success. */
  removeLeftover: (leftover: FoundLeftover) => Promise<void>;
};
