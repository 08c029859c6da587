/** What the build machine does: get Packer, check it, run the runner. */

import type { PackerRelease } from '../config/packer-release.ts';
import type { PackerSettings } from '../config/stage.ts';

/** The bundled runner in the project's source. */
export const RUNNER_FILE = 'runner.mjs';
/** Where Packer finds its plugins. The runner hands PACKER_PLUGIN_PATH on to it. */
export const PLUGIN_FOLDER = '/opt/goldsmith/plugins';

const DOWNLOADS = '/opt/goldsmith/downloads';

type Phase = { commands: string[] };
type InstallPhase = Phase & { 'runtime-versions': Record<string, number>; 'on-failure': 'ABORT' };
export type BuildSpecification = {
  version: 0.2;
  proxy?: { 'upload-artifacts': 'no'; logs: 'yes' };
  phases: { install?: InstallPhase; build: Phase };
};

/** How a build gets out: through a proxy, and which authorities it trusts besides the usual ones (PEM). */
export type WayOut = { isProxied: boolean; certificates: string[] };

const THROUGH_PROXY = { proxy: { 'upload-artifacts': 'no', logs: 'yes' } } as const;

/** The build's phases: with `system`, Packer and Node.js are on the machine already. */
export function buildSpecOf(packer: PackerSettings, { isProxied, certificates }: WayOut): BuildSpecification {
  // An older Node.js would leave the proxy out without a word; it refuses the option instead.
  const node = isProxied ? 'node --use-env-proxy' : 'node';
  const build = { commands: [`${node} ${RUNNER_FILE}`] };
  // CodeBuild itself sends the log through the proxy only when it is told to (buildspec reference, `proxy`).
  const head = { version: 0.2 as const, ...(isProxied && THROUGH_PROXY) };
  const trust = trustCommands(certificates);
  if (packer.source === 'system') {
    return { ...head, phases: { build: { commands: [...trust, ...build.commands] } } };
  }
  const install: InstallPhase = {
    // The newest that the image offers by name; the runner is bundled for it.
    'runtime-versions': { nodejs: 22 },
    'on-failure': 'ABORT',
    // First of all: downloads may come from behind the same authorities.
    commands: [...trust, ...installCommands(packer)],
  };
  return { ...head, phases: { install, build } };
}

/** Where what a build trusts is put together: its folder is its own, also where several share a machine. */
const AUTHORITIES = '"$CODEBUILD_SRC_DIR"/authorities';
/** The authorities of the machine, where Debian, Ubuntu and Go (crypto/x509, root_linux.go) have them. */
const USUAL_AUTHORITIES = '"${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}"';

/**
 * Node.js adds a file to the authorities that it knows; Go, curl, AWS's and Python's tools take one in the place of
 * theirs, so they get both together. What is exported holds for all commands after it. PEM holds no character with a
 * meaning between single quotes.
 */
function trustCommands(certificates: string[]): string[] {
  if (certificates.length === 0) return [];
  const lines = certificates.join('\n').split('\n');
  const [own, all] = [`${AUTHORITIES}/own.pem`, `${AUTHORITIES}/all.pem`];
  const names = ['SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'AWS_CA_BUNDLE', 'REQUESTS_CA_BUNDLE'];
  return [
    `mkdir -p ${AUTHORITIES}`,
    `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} > ${own}`,
    `cat ${USUAL_AUTHORITIES} ${own} > ${all}`,
    `export NODE_EXTRA_CA_CERTS=${own} ${names.map((name) => `${name}=${all}`).join(' ')}`,
  ];
}

/**
 * Nothing is unpacked before its checksum is right. Addresses and checksums hold no character with a meaning to a
 * shell: the schema of the stage sees to that.
 */
function installCommands({ url, sha256, plugins }: PackerRelease): string[] {
  return [
    `mkdir -p ${DOWNLOADS} ${PLUGIN_FOLDER}`,
    ...fetchChecked('packer', url, sha256),
    `unzip -q -o ${DOWNLOADS}/packer.zip packer -d /usr/local/bin`,
    ...plugins.flatMap((plugin) => {
      const name = `packer-plugin-${plugin.name}`;
      const folder = `${DOWNLOADS}/${name}`;
      return [
        ...fetchChecked(name, plugin.url, plugin.sha256),
        `unzip -q -o ${DOWNLOADS}/${name}.zip -d ${folder}`,
        `packer plugins install --path ${folder}/${name}_v${plugin.version}_* ${plugin.source}`,
      ];
    }),
  ];
}

function fetchChecked(name: string, url: string, sha256: string): string[] {
  const file = `${DOWNLOADS}/${name}.zip`;
  return [
    `curl --fail --silent --show-error --location --retry 5 --output ${file} ${url}`,
    `echo "${sha256}  ${file}" | sha256sum --check --strict`,
  ];
}
