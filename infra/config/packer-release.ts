/** Which Packer the build project downloads, and the checksums it must have. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/** Only characters that mean nothing to a shell: the address ends up in a build command. */
const downloadUrl = z
  .string()
  .regex(/^https:\/\/[A-Za-z0-9._~/%+-]+$/, 'must be an https address of a zip file');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');
const version = z.string().regex(/^\d+\.\d+\.\d+$/, 'must read 1.2.3');

export const packerReleaseSchema = z.strictObject({
  version,
  url: downloadUrl,
  sha256,
  plugins: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9-]+$/),
        /** The plugin's address in a template's `required_plugins`. */
        source: z.string().regex(/^github\.com\/[\w.-]+\/[\w.-]+$/, 'must read github.com/owner/name'),
        version,
        url: downloadUrl,
        sha256,
      }),
    )
    .min(1),
});
export type PackerRelease = z.infer<typeof packerReleaseSchema>;

/**
 * Reads the file that names the release.
 * @throws Error that says how to make the file, or what is wrong in it.
 */
export function readPackerRelease(path: string): PackerRelease {
  if (!existsSync(path)) throw new Error(`${path} does not exist. ${ADVICE}`);
  const parsed = packerReleaseSchema.safeParse(parseJson(path));
  if (parsed.success) return parsed.data;
  throw new Error(`${path} is not valid. ${ADVICE}\n${z.prettifyError(parsed.error)}`);
}

const ADVICE =
  'This stage downloads Packer and its plugins, so it needs their addresses and SHA-256 checksums: ' +
  'take them from the SHA256SUMS file of each release at https://releases.hashicorp.com, after checking its ' +
  "signature with HashiCorp's public key. docs/deploying.md shows the file and the commands.";

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path} is not JSON`, { cause: error });
  }
}
