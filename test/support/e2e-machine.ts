/** What runs and lies on this machine because of a run: the build's folder and processes, rows and objects. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BatchGetBuildsCommand, type Build, CodeBuildClient } from '@aws-sdk/client-codebuild';
import {
  type AttributeValue,
  DynamoDBClient,
  ListTablesCommand,
  paginateScan,
} from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListBucketsCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { EMULATOR_CREDENTIALS, portsOf, stackPaths } from '../../infra/local/stack/settings.ts';
import { buildPaths, workspaceOf } from '../../infra/local/standins/codebuild/build-store.ts';
import { unpackLines } from '../../shared/store/packed-lines.ts';
import { localStack } from './e2e-client.ts';
import { PATIENCE_SECONDS, until } from './e2e-wait.ts';

const settings = () => {
  const { awsEndpoint, region } = localStack();
  return { endpoint: awsEndpoint, region, credentials: EMULATOR_CREDENTIALS };
};

/** All rows of all tables. */
export const allRows = async (): Promise<Record<string, AttributeValue>[]> => {
  const client = new DynamoDBClient(settings());
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  const rows: Record<string, AttributeValue>[] = [];
  for (const TableName of TableNames) {
    for await (const { Items = [] } of paginateScan({ client }, { TableName })) rows.push(...Items);
  }
  return rows;
};

const LINES = 'packed';

/** All rows as text; lines of a log lie packed in theirs, and are read. */
export const allRowTexts = async (): Promise<string[]> => {
  const rows = await allRows();
  return rows.map(({ [LINES]: lines, ...row }) =>
    JSON.stringify([row, ...(lines?.B === undefined ? [] : [unpackLines(lines.B, 1)])]),
  );
};

/** All objects of all buckets but those of the CDK, which hold only code. */
export const allObjects = async (): Promise<{ key: string; content: Buffer }[]> => {
  const client = new S3Client({ ...settings(), forcePathStyle: true });
  const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
  const found: { key: string; content: Buffer }[] = [];
  for (const { Name = '' } of Buckets.filter((bucket) => bucket.Name?.startsWith('cdk-') !== true)) {
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: Name })) {
      for (const { Key = '' } of Contents) {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: Name, Key }));
        found.push({ key: Key, content: Buffer.from((await Body?.transformToByteArray()) ?? []) });
      }
    }
  }
  return found;
};

/** The build that executes a run; undefined as long as there is none. */
export const findBuildId = async (runId: string): Promise<string | undefined> =>
  (await allRows()).find(({ sk, row }) => sk?.S === `RUN#${runId}` && row?.S === 'run')?.['buildId']?.S;

/** The build that executes a run, as soon as there is one. */
export const buildIdOf = (runId: string): Promise<string> =>
  until(`a build of ${runId}`, PATIENCE_SECONDS, () => findBuildId(runId));

/** What CodeBuild says of a build. */
export const readBuild = async (buildId: string): Promise<Build> => {
  const port = portsOf(Number(new URL(localStack().awsEndpoint).port)).codebuild;
  const client = new CodeBuildClient({ ...settings(), endpoint: `http://127.0.0.1:${port}` });
  const { builds = [] } = await client.send(new BatchGetBuildsCommand({ ids: [buildId] }));
  const [build] = builds;
  if (build === undefined) throw new Error(`CodeBuild knows no build ${buildId}`);
  return build;
};

/** When Step Functions began with a run's workflow. */
export const workflowStartedAt = async (executionArn: string): Promise<Date | undefined> => {
  const client = new SFNClient(settings());
  return (await client.send(new DescribeExecutionCommand({ executionArn }))).startDate;
};

const paths = (buildId: string) => buildPaths(join(localStack().home, 'state', 'codebuild'), buildId);

/** The folder that is a build's whole machine while it runs. */
export const buildFolder = (buildId: string): string =>
  workspaceOf(join(stackPaths(localStack().home).temporary, 'work'), buildId);

/** What a build printed. */
export const buildLog = (buildId: string): Promise<string> => readFile(paths(buildId).log, 'utf8');

export type Process = { pid: number; program: string; commandLine: string };

const readProcess = async (pid: number): Promise<(Process & { cwd: string }) | undefined> => {
  try {
    const [executable, cwd, commandLine] = await Promise.all([
      readlink(`/proc/${pid}/exe`),
      readlink(`/proc/${pid}/cwd`),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    return {
      pid,
      cwd: cwd.replace(/ \(deleted\)$/, ''),
      program: basename(executable.replace(/ \(deleted\)$/, '')),
      commandLine: commandLine.replaceAll('\0', ' '),
    };
  } catch {
    return undefined; // it ended in the meantime
  }
};

/** The processes that work in a build's folder. */
export const processesOf = async (buildId: string): Promise<Process[]> => {
  const folder = buildFolder(buildId);
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid) && pid > 0);
  const all = await Promise.all(pids.map(readProcess));
  return all.flatMap((each) => (each?.cwd.startsWith(folder) === true ? [each] : []));
};

/** Everything in a build's folder as it lies there, by path. */
export const readFolder = async (folder: string): Promise<Map<string, Buffer>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map<string, Buffer>();
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path).catch(() => undefined);
    if (content !== undefined) files.set(path, content);
  }
  return files;
};
