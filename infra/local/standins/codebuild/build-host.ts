/**
 * All builds of the stand-in: starts, queues, stops and answers them.
 *
 * A build is queued, then running, then complete, and in one of these only. At most `concurrency` run;
 * the others wait in the order in which they were started, no longer than their queued time-out. Every
 * change is on disk before it can be seen.
 */
import { type Build, closePhase, completeBuild } from './build.ts';
import { type BuildRecord, pruneBuilds, saveBuild } from './build-store.ts';
import { InvalidInputError, NotFoundError } from './errors.ts';
import { createBuild } from './new-build.ts';
import type { ReadProject } from './project.ts';
import { HOST_GONE } from './reap-builds.ts';
import type { ListBuildsRequest, StartBuildRequest } from './requests.ts';
import { BuildRun, type Ending } from './run-build.ts';
import type { Settings } from './settings.ts';

/** Minutes for which a token stands for the same build (API reference of StartBuild). */
const TOKEN_MINUTES = 5;

/** Builds on one page of ListBuildsForProject, as on AWS. */
const PAGE_SIZE = 100;

const QUEUE_TIMED_OUT: Ending = {
  status: 'TIMED_OUT',
  context: { statusCode: 'BUILD_QUEUE_TIMED_OUT', message: 'Build has timed out while queued.' },
};

/** Where a test holds builds back. */
export type HeldPhase = 'QUEUED' | 'PROVISIONING' | null;

interface RunningBuild {
  run: BuildRun;
  finished: Promise<void>;
}

export class BuildHost {
  readonly #settings: Settings;
  readonly #readProject: ReadProject;
  readonly #records: Map<string, BuildRecord>;
  /** Ids in the order of their start, with the timer of the queued time-out. */
  readonly #queue = new Map<string, NodeJS.Timeout>();
  readonly #running = new Map<string, RunningBuild>();
  #isClosing = false;
  #held: HeldPhase = null;

  /** @param records the builds of former lives, all complete */
  constructor(settings: Settings, readProject: ReadProject, records: readonly BuildRecord[]) {
    this.#settings = settings;
    this.#readProject = readProject;
    this.#records = new Map(records.map((record) => [record.build.id, record]));
  }

  /**
   * Starts a build, or answers the one that the same token started before.
   * @throws NotFoundError for an unknown project, InvalidInputError for a token with another request
   */
  async start(request: StartBuildRequest): Promise<Build> {
    const project = await this.#readProject(request.projectName);
    // From here to the record nothing is awaited, so that two requests with one token cannot both pass.
    const earlier = this.#findByToken(request);
    if (earlier !== undefined) return earlier.build;
    const { stateDir, region } = this.#settings;
    const buildNumber = this.#ofProject(project.name).length + 1;
    const build = createBuild({ project, request, buildNumber, stateDir, region, now: now() });
    const record: BuildRecord = { build, sequence: this.#nextSequence(), idempotency: remember(request) };
    this.#records.set(build.id, record);
    saveBuild(stateDir, record);
    this.#enqueue(build);
    const answer = structuredClone(build);
    this.#admit();
    return answer;
  }

  /**
   * Stops a build and resolves when nothing of it runs any more; a completed one is answered unchanged.
   * @throws NotFoundError
   */
  async stop(id: string): Promise<Build> {
    return this.endAs(id, { status: 'STOPPED' });
  }

  /**
   * Ends a build in the phase that it is in; a completed one is answered unchanged.
   * @throws NotFoundError
   */
  async endAs(id: string, ending: Ending): Promise<Build> {
    const record = this.#records.get(id);
    if (record === undefined) throw new NotFoundError(`Build cannot be found: ${id}`);
    await this.#end(record, ending);
    return record.build;
  }

  /** From now on builds get no further than this phase; null: as far as they come. Those held already stay so. */
  hold(phase: HeldPhase): void {
    this.#held = phase;
    this.#admit();
  }

  /** The builds with these ids, as far as they exist. */
  get(ids: readonly string[]): { builds: Build[]; buildsNotFound: string[] } {
    return {
      builds: ids.flatMap((id) => this.#records.get(id)?.build ?? []),
      buildsNotFound: ids.filter((id) => !this.#records.has(id)),
    };
  }

  /**
   * A page of ids of a project's builds.
   * @throws NotFoundError for an unknown project
   */
  async list(request: ListBuildsRequest): Promise<{ ids: string[]; nextToken?: string }> {
    const { name } = await this.#readProject(request.projectName);
    const ids = this.#ofProject(name).map(({ build }) => build.id);
    if (request.sortOrder === 'DESCENDING') ids.reverse();
    const begin = request.nextToken === undefined ? 0 : ids.indexOf(request.nextToken) + 1;
    const page = ids.slice(begin, begin + PAGE_SIZE);
    const last = page.at(-1);
    return begin + PAGE_SIZE < ids.length && last !== undefined
      ? { ids: page, nextToken: last }
      : { ids: page };
  }

  /** Ends all builds as if their machine had gone, and takes no more. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const ending: Ending = { status: 'FAILED', context: HOST_GONE };
    await Promise.all([...this.#records.values()].map((record) => this.#end(record, ending)));
  }

  async #end({ build }: BuildRecord, ending: Ending): Promise<void> {
    if (this.#queue.has(build.id)) this.#endQueued(build.id, ending);
    const running = this.#running.get(build.id);
    running?.run.end(ending);
    await running?.finished;
  }

  #enqueue(build: Build): void {
    const limit = build.queuedTimeoutInMinutes * this.#settings.minuteMs;
    const timer = setTimeout(() => this.#endQueued(build.id, QUEUE_TIMED_OUT), limit);
    this.#queue.set(build.id, timer);
  }

  #endQueued(id: string, ending: Ending): void {
    const record = this.#dequeue(id);
    completeBuild(record.build, ending.status, now(), ending.context);
    saveBuild(this.#settings.stateDir, record);
    this.#prune();
  }

  #dequeue(id: string): BuildRecord {
    clearTimeout(this.#queue.get(id));
    this.#queue.delete(id);
    const record = this.#records.get(id);
    if (record === undefined) throw new Error(`queued build ${id} is unknown`);
    return record;
  }

  #admit(): void {
    for (const id of this.#queue.keys()) {
      const isFull = this.#running.size >= this.#settings.concurrency;
      if (this.#isClosing || this.#held === 'QUEUED' || isFull) return;
      const record = this.#dequeue(id);
      closePhase(record.build, 'SUCCEEDED', now());
      const run = new BuildRun(record, this.#settings, this.#held === 'PROVISIONING');
      this.#running.set(id, { run, finished: run.run().then(() => this.#leave(id)) });
    }
  }

  #leave(id: string): void {
    this.#running.delete(id);
    this.#prune();
    this.#admit();
  }

  #prune(): void {
    const kept = pruneBuilds(this.#settings.stateDir, [...this.#records.values()]);
    const ids = new Set(kept.map(({ build }) => build.id));
    for (const id of this.#records.keys()) {
      if (!ids.has(id)) this.#records.delete(id);
    }
  }

  #ofProject(name: string): BuildRecord[] {
    return [...this.#records.values()].filter(({ build }) => build.projectName === name);
  }

  #nextSequence(): number {
    return Math.max(0, ...[...this.#records.values()].map(({ sequence }) => sequence)) + 1;
  }

  #findByToken(request: StartBuildRequest): BuildRecord | undefined {
    const wanted = remember(request);
    if (wanted === undefined) return undefined;
    const since = now() - (TOKEN_MINUTES * this.#settings.minuteMs) / 1000;
    const earlier = [...this.#records.values()].find(
      ({ build, idempotency }) => idempotency?.token === wanted.token && build.startTime >= since,
    );
    if (earlier !== undefined && earlier.idempotency?.request !== wanted.request) {
      throw new InvalidInputError(`The idempotency token was used with other parameters: ${wanted.token}`);
    }
    return earlier;
  }
}

function remember({ idempotencyToken: token, ...request }: StartBuildRequest): BuildRecord['idempotency'] {
  return token === undefined ? undefined : { token, request: JSON.stringify(request) };
}

function now(): number {
  return Date.now() / 1000;
}
