import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { ensureVenv } from '../../infra/local/emulator/index.ts';
import { routes } from '../../shared/contracts/routes/index.ts';
import type { Route } from '../../shared/contracts/routes/route.ts';
import { routeMatcher } from '../../shared/runtime/api/match-route.ts';
import { localStack } from '../support/e2e-client.ts';
import { makeDefinition, makeWorkspace } from './client.ts';
import { makePerson } from './person.ts';

/** Calls made up from the OpenAPI document: what it allows, what it forbids, and chains of what answers lead to. */

const checkout = join(import.meta.dirname, '../..');
const requirementsFile = join(checkout, 'infra/requirements-schemathesis.txt');
const config = join(import.meta.dirname, 'schemathesis.toml');
const documentFile = join(checkout, 'docs/openapi.json');

let command: string;
let folder: string;
beforeAll(async () => {
  command = join((await ensureVenv({ name: 'schemathesis', requirementsFile })).dir, 'bin', 'st');
  folder = await mkdtemp(join(tmpdir(), 'goldsmith-schemathesis-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A workspace with one definition that cannot run: nobody is there to reach its private network. */
const prepare = async () => {
  // Whoever makes up calls soon has all the workspaces that one person may have.
  const { token } = await makePerson();
  const workspace = await makeWorkspace({}, { token });
  const made = await makeDefinition(workspace, { builder: { network: 'private' } });
  const ids = {
    ...made.parts,
    connectionId: made.connectionId,
    provisionerId: made.provisionerIds[0],
    groupIds: [made.groupId],
    imageDefinitionIds: [made.id],
  };
  return { token, workspace, definitionId: made.id, ids };
};

const archiveSchema = z.object({
  log: z.object({
    entries: z.array(
      z.object({
        request: z.object({ method: z.string(), url: z.string() }),
        response: z.object({ status: z.int() }),
      }),
    ),
  }),
});

/** Runs it over a document and answers how it ended and every request with the status of its answer. */
const runOver = async (document: string, ...args: string[]) => {
  const { apiUrl } = localStack();
  const { token, workspace, definitionId, ids } = await prepare();
  const archive = join(folder, `${workspace.id}.har`);
  const env = {
    ...process.env,
    GOLDSMITH_API: apiUrl,
    GOLDSMITH_TOKEN: token,
    GOLDSMITH_WORKSPACE: workspace.id,
    GOLDSMITH_DEFINITION: definitionId,
    GOLDSMITH_IDS: JSON.stringify(ids),
    PYTHONPATH: import.meta.dirname,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const options = ['--report', 'har', '--report-har-path', archive, '--no-color', ...args];
  const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
    const child = execFile(
      command,
      ['--config-file', config, 'run', document, ...options],
      { env, cwd: folder, maxBuffer: 2 ** 26 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
  const text = await readFile(archive, 'utf8').catch((cause: unknown) => {
    throw new Error(output, { cause });
  });
  const { log } = archiveSchema.parse(JSON.parse(text));
  const answers = log.entries.map(({ request, response }) => ({
    method: request.method,
    path: decodeURI(new URL(request.url).pathname).slice(new URL(apiUrl).pathname.length),
    status: response.status,
  }));
  return { code, output, answers, workspace };
};

const find = routeMatcher({ ...routes });

/** Operations that were answered well at least once. */
const wellAnswered = (answers: { method: string; path: string; status: number }[]): Set<string> =>
  new Set(
    answers
      .filter(({ status }) => status < 400)
      .flatMap(({ method, path }) => {
        const match = find(method, path);
        return typeof match === 'object' && 'id' in match ? [match.id] : [];
      }),
  );

/** Fails with its report when it found anything or could not go on. */
const expectNothingFound = ({ code, output }: { code: number; output: string }) => {
  // From the first finding on; of a run without any, nothing.
  expect(/=+ (ERRORS|FAILURES) =[\s\S]*/.exec(output)?.[0] ?? '').toBe('');
  expect(output).toContain('No issues found');
  expect(code).toBe(0);
};

test('no answer is a server error or missing from the document, whatever is asked', {
  timeout: 900_000,
}, async () => {
  const found = await runOver(documentFile, '--phases', 'examples,coverage,fuzzing');
  expectNothingFound(found);
  // Who reaches no list asks nobody. There is no run with leftovers, and no image that could be shared.
  const lists = Object.entries<Route>(routes).filter(
    ([id, { path }]) =>
      id.startsWith('list') && !path.includes('{runId}') && !path.includes('{imageVersionId}'),
  );
  const reached = wellAnswered(found.answers);
  expect(lists.map(([id]) => id).filter((id) => !reached.has(id))).toEqual([]);
  expect((await found.workspace.at('GET', '/runs')).body).toEqual({ items: [] });
});

test('nor in chains of what one answer leads to', { timeout: 300_000 }, async () => {
  // New workspaces would draw the chains away from this one.
  const chains = ['--phases', 'stateful', '--max-time', '45', '--exclude-operation-id', 'createWorkspace'];
  const found = await runOver(documentFile, ...chains);
  expectNothingFound(found);
  const creates = [...wellAnswered(found.answers)].filter((id) => id.startsWith('create'));
  expect(creates.length).toBeGreaterThan(2);
});

test('an answer that the document does not know is found', { timeout: 300_000 }, async () => {
  const document = await readFile(documentFile, 'utf8');
  const path = '"/v1/workspaces/{workspaceId}/connections/{id}": {';
  const cut = document.replace(
    new RegExp(`(${path.replaceAll(/[{}]/g, '\\$&')}[\\s\\S]*?)"404": \\{[^}]*\\},`),
    '$1',
  );
  expect(cut).not.toBe(document);
  const broken = join(folder, 'broken.json');
  await writeFile(broken, cut);
  const { code, output } = await runOver(broken, '--include-operation-id', 'readConnection');
  expect(output).toContain('Undocumented HTTP status code');
  expect(code).toBe(1);
});
