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
export type BuildSpecification = { version: 0.2; phases: { install?: InstallPhase; build: Phase } };

/** The build's phases: with `system`, Packer and Node.js are on the machine already. */
export function buildSpecOf(packer: PackerSettings): BuildSpecification {
  const build = { commands: [`node ${RUNNER_FILE}`] };
  if (packer.source === 'system') return { version: 0.2, phases: { build } };
  const install: InstallPhase = {
    // The newest that the image offers by name; the runner is bundled for it.
    'runtime-versions': { nodejs: 22 },
    'on-failure': 'ABORT',
    commands: installCommands(packer),
  };
  return { version: 0.2, phases: { install, build } };
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
