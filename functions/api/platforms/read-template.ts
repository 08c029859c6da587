import { gatherSnapshot } from '../../../shared/actions/gather-snapshot.ts';
import { snapshotOf } from '../../../shared/actions/platform-access.ts';
import type { Target } from '../../../shared/actions/preflight.ts';
import type { PackerGeneration } from '../../../shared/contracts/bundle.ts';
import { compileBundle } from '../../../shared/packer/compile.ts';
import { platformOf } from '../../../shared/platforms/registry.ts';
import { PlatformError } from '../../../shared/platforms/platform.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { ApiProblem, brokenRules, notFound } from '../../../shared/runtime/api/problem.ts';
import type { ResourceFiles } from '../../../shared/store/resource-files.ts';
import type { RunFiles } from '../../../shared/store/run-files.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { imaginedRun } from './imagined-run.ts';
import { presentTemplate } from './present-template.ts';

export type TemplateReader = {
  core: Table;
  files: RunFiles;
  resources: ResourceFiles;
  deploymentId: string;
  target: Target;
};

type Asked = {
  scope: WorkspaceScope;
  params: { imageDefinitionId: string };
  query: { packer?: PackerGeneration | undefined };
};

/**
 * The template of a run that would start now. Nobody's account is asked: the base image is Packer's own to look up, with
 * the same filter. Its names are those of a run that does not exist, so that nothing is taken for a run's.
 */
export const readTemplate = async (reader: TemplateReader, call: Asked): Promise<Answer> => {
  const { scope, params, query } = call;
  const gathered = await gatherSnapshot({ table: reader.core, scope }, params.imageDefinitionId);
  if (gathered === undefined) throw notFound('image definition');
  const { snapshot, obstacles } = gathered;
  if (snapshot === undefined) throw brokenRules(obstacles, 'cannot-start');
  const run = await imaginedRun(reader, scope, snapshot);
  const bundle = refusing(() =>
    compileBundle({
      run,
      snapshot,
      platform: platformOf(snapshot.builderConfiguration.platform),
      generation: query.packer ?? reader.target.generation,
      ec2Endpoint: reader.target.ec2Endpoint,
    }),
  );
  return { body: await presentTemplate(reader.resources, scope, snapshot, bundle) };
};

/** The field of the definition that leads to the part to blame. */
const pointerTo = ({ errorId, field = '' }: PlatformError): string => {
  if (field.startsWith('/provisionerRole/')) return '/provisionerRoleId';
  if (errorId === 'text-not-usable') return '';
  const isOfImage = errorId === 'base-image-not-found' || errorId === 'resource-unavailable';
  return isOfImage ? '/operatingSystemId' : '/builderConfigurationId';
};

/** What no template can be made of is told as what a run could not begin with. */
const refusing = <T>(make: () => T): T => {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const pointer = pointerTo(error);
    throw brokenRules([{ pointer, code: error.errorId, detail: error.message }], 'cannot-start');
  }
};

/** What a run gave to Packer; 404 until it is prepared. */
export const readRunTemplate = async (
  reader: TemplateReader,
  { scope, params }: { scope: WorkspaceScope; params: { runId: string } },
): Promise<Answer> => {
  const run = await runStore(reader.core, scope).get(params.runId);
  if (run === undefined) throw notFound('run');
  if (run.bundle === undefined) throw new ApiProblem('not-found', 'The run has given nothing to Packer yet.');
  const [snapshot, bundle] = await Promise.all([
    snapshotOf(reader, run),
    reader.files.getBundle(run.bundle.key),
  ]);
  return { body: await presentTemplate(reader.resources, scope, snapshot, bundle) };
};
