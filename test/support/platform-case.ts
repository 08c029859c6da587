import type { PackerArtifact } from '../../shared/contracts/agent-protocol.ts';
import type { PackerGeneration } from '../../shared/contracts/bundle.ts';
import type { BaseImage, Locator } from '../../shared/contracts/entities/image-version.ts';
import type { RunSnapshot } from '../../shared/contracts/snapshot.ts';

/** One way of building on a platform: what the contract suite, the golden files and Packer itself are asked about. */
export type PlatformCase = {
  /** `<builder type> <family>`, and words more where there are several; names the golden files. */
  name: string;
  snapshot: RunSnapshot;
  baseImage: BaseImage;
  /** What Packer reports at the end of such a build, and where the image is then. */
  artifact: PackerArtifact;
  locators: Locator[];
  /** Generations of Packer that can build it; all, if not said. */
  generations?: readonly PackerGeneration[];
  /** Why Debian's Packer 1.6.6 cannot validate its template; it does, if not said. */
  notValidated?: string;
};
