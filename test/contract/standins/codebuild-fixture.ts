/** A CodeBuild stand-in beside a real emulator, with projects made through the SDK. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  BatchGetBuildsCommand,
  type Build,
  CodeBuildClient,
  CreateProjectCommand,
  type ProjectSource,
  StartBuildCommand,
  type StartBuildCommandInput,
} from '@aws-sdk/client-codebuild';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  EMULATOR_REQUIREMENTS,
  type Emulator,
  ensureVenv,
  findFreePort,
  startEmulator,
} from '../../../infra/local/emulator/index.ts';
import { type CodeBuild, startCodeBuild } from '../../../infra/local/standins/codebuild/index.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'us-east-1';

export interface StandInOptions {
  concurrency?: number;
  environment?: Record<string, string>;
  minuteMs?: number;
}

/** One emulator and the stand-ins of a test file. */
export class CodeBuildFixture {
  readonly stateDir: string;
  readonly #root: string;
  readonly #emulator: Emulator;
  #projects = 0;

  private constructor(root: string, emulator: Emulator) {
    this.#root = root;
    this.stateDir = join(root, 'codebuild');
    this.#emulator = emulator;
  }

  static async create(): Promise<CodeBuildFixture> {
    const venv = await ensureVenv({ name: 'emulator', requirementsFile: EMULATOR_REQUIREMENTS });
    const root = await mkdtemp(join(tmpdir(), 'goldsmith-codebuild-'));
    const emulator = await startEmulator({
      port: await findFreePort(),
      stateDir: join(root, 'state'),
      tmpDir: join(root, 'tmp'),
      venvDir: venv.dir,
    });
    return new CodeBuildFixture(root, emulator);
  }

  async close(): Promise<void> {
    await this.#emulator.stop();
    await rm(this.#root, { recursive: true, force: true });
  }

  async startStandIn(options: StandInOptions = {}): Promise<StandIn> {
    const server = await startCodeBuild({
      host: '127.0.0.1',
      port: await findFreePort(),
      emulatorEndpoint: this.#emulator.endpoint,
      region,
      stateDir: this.stateDir,
      concurrency: options.concurrency ?? 2,
      environment: options.environment ?? {},
      minuteMs: options.minuteMs,
    });
    return new StandIn(server);
  }

  /** A project with these phases (or this text) as its buildspec; answers its name. */
  async createProject(
    buildspec: string | Record<string, unknown>,
    extra: { source?: ProjectSource; variables?: Record<string, string> } = {},
  ): Promise<string> {
    this.#projects += 1;
    const name = `project-${this.#projects}`;
    const text = typeof buildspec === 'string' ? buildspec : JSON.stringify({ version: '0.2', ...buildspec });
    const client = new CodeBuildClient({ endpoint: this.#emulator.endpoint, region, credentials });
    const variables = Object.entries(extra.variables ?? {});
    await client.send(
      new CreateProjectCommand({
        name,
        source: { ...(extra.source ?? { type: 'NO_SOURCE' }), buildspec: text },
        artifacts: { type: 'NO_ARTIFACTS' },
        environment: {
          type: 'LINUX_CONTAINER',
          image: 'aws/codebuild/standard:7.0',
          computeType: 'BUILD_GENERAL1_SMALL',
          environmentVariables: variables.map(([key, value]) => ({ name: key, value })),
        },
        serviceRole: 'arn:aws:iam::000000000000:role/build',
        timeoutInMinutes: 20,
      }),
    );
    client.destroy();
    return name;
  }

  /** Puts an object into the emulator's S3; answers the location as a project names it. */
  async putSource(archive: Uint8Array): Promise<string> {
    const client = new S3Client({
      endpoint: this.#emulator.endpoint,
      region,
      credentials,
      forcePathStyle: true,
    });
    await client.send(new CreateBucketCommand({ Bucket: 'sources' }));
    await client.send(new PutObjectCommand({ Bucket: 'sources', Key: 'a/source.zip', Body: archive }));
    client.destroy();
    return 'sources/a/source.zip';
  }
}

/** A running stand-in with the SDK's own client. */
export class StandIn {
  readonly server: CodeBuild;
  readonly client: CodeBuildClient;

  constructor(server: CodeBuild) {
    this.server = server;
    this.client = new CodeBuildClient({ endpoint: server.endpoint, region, credentials, maxAttempts: 1 });
  }

  async start(projectName: string, input: Partial<StartBuildCommandInput> = {}): Promise<Build> {
    const { build } = await this.client.send(new StartBuildCommand({ projectName, ...input }));
    return definedBuild(build);
  }

  async read(id: string | undefined): Promise<Build> {
    const { builds } = await this.client.send(new BatchGetBuildsCommand({ ids: [id ?? ''] }));
    return definedBuild(builds?.[0]);
  }

  /** Reads the build until it is as wanted. The API has no events, so it is asked again and again. */
  async waitUntil(id: string | undefined, isWanted: (build: Build) => boolean): Promise<Build> {
    for (;;) {
      const build = await this.read(id);
      if (isWanted(build)) return build;
      await delay(20);
    }
  }

  async waitForEnd(id: string | undefined): Promise<Build> {
    return this.waitUntil(id, (build) => build.buildComplete === true);
  }

  /** Runs a build to its end; answers it with its log. */
  async run(projectName: string, input: Partial<StartBuildCommandInput> = {}) {
    const { id } = await this.start(projectName, input);
    const build = await this.waitForEnd(id);
    return { build, log: await readLog(build) };
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.server.stop();
  }
}

/** The phases with their status, `TYPE:STATUS`. */
export function phasesOf(build: Build): string[] {
  return (build.phases ?? []).map(({ phaseType, phaseStatus }) =>
    phaseStatus === undefined ? `${phaseType}` : `${phaseType}:${phaseStatus}`,
  );
}

async function readLog(build: Build): Promise<string> {
  return readFile(fileURLToPath(build.logs?.deepLink ?? ''), 'utf8');
}

/** The first line of the log that a build wrote with this prefix, without it. */
export async function waitForLine(build: Build, prefix: string): Promise<string> {
  for (;;) {
    const log = await readLog(build).catch(() => '');
    const line = log.split('\n').find((each) => each.startsWith(prefix));
    if (line !== undefined) return line.slice(prefix.length).trim();
    await delay(20);
  }
}

function definedBuild(build: Build | undefined): Build {
  if (build === undefined) throw new Error('no build was answered');
  return build;
}
