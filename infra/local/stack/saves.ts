/**
 * The common state of both emulators: `state/saves/<n>/{emulator/,ec2.pickle,save.json}` and `state/current`, which names the
 * one that holds. A save is written beside the others and becomes current by one rename, so that a crash at any moment
 * leaves a whole one. The emulator never works on a save but on `state/work`, a copy, and the EC2 stand-in only reads
 * its part; what a crash left in the copy is dropped, so both always begin with the same moment.
 */
import { cp, link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** How many saves stay: the current one, and one for whoever wants to look at what was before. */
const KEPT_SAVES = 2;

/** State of the EC2 stand-in; the disks of its images lie beside the saves and are never copied. */
const EC2_FILE = 'ec2.pickle';

/** What a save says about itself. */
const saveInfoSchema = z.object({
  savedAt: z.iso.datetime(),
  /** Of the deployed sources and settings; see stages/deploy.ts. */
  fingerprint: z.string().optional(),
  /** Outputs of the deployed stacks. */
  outputs: z.record(z.string(), z.string()).default({}),
  vpcCidr: z.string(),
  /** The base port that addresses in the state are made with. */
  basePort: z.int(),
});

/** What a save says about itself. */
export type SaveInfo = z.infer<typeof saveInfoSchema>;

/** A save that was copied into use. */
export interface OpenedSave {
  info: SaveInfo;
  /** What the EC2 stand-in loads; absent where only a deployment was saved, and the customer's account is to be empty. */
  ec2File?: string;
}

/** The saves of one state folder. */
export class Saves {
  readonly #state: string;

  constructor(stateDir: string) {
    this.#state = stateDir;
  }

  /** The working copy that the emulator runs on. */
  get workingEmulator(): string {
    return join(this.#state, 'work', 'emulator');
  }

  /** What the current save says, or undefined when there is none. */
  async current(): Promise<SaveInfo | undefined> {
    const name = await this.#currentName();
    if (name === undefined) return undefined;
    const text = await readFile(join(this.#state, 'saves', name, 'save.json'), 'utf8');
    return saveInfoSchema.parse(JSON.parse(text));
  }

  /** When the working copy was taken into use, if the session that used it has not ended well. */
  async findCrash(): Promise<Date | undefined> {
    const mark = await stat(join(this.#state, 'work', 'in-use')).catch(() => undefined);
    return mark?.mtime;
  }

  /** Throws the working copy away and makes a new one from the current save, if there is one. */
  async open(): Promise<OpenedSave | undefined> {
    const work = join(this.#state, 'work');
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { recursive: true });
    await writeFile(join(work, 'in-use'), '');
    const name = await this.#currentName();
    const info = await this.current();
    if (name === undefined || info === undefined) return undefined;
    const save = join(this.#state, 'saves', name);
    await copyEmulator(join(save, 'emulator'), this.workingEmulator);
    const ec2File = join(save, EC2_FILE);
    return (await exists(ec2File)) ? { info, ec2File } : { info };
  }

  /** Marks the working copy as ended well: all of it is in a save. */
  async close(): Promise<void> {
    await rm(join(this.#state, 'work', 'in-use'), { force: true });
  }

  /**
   * Makes a save of what both emulators have just written and makes it the current one.
   * @param writeEc2 writes the state of the EC2 stand-in to this file
   */
  async write(info: SaveInfo, writeEc2: (path: string) => Promise<void>): Promise<void> {
    const name = await this.#nextName();
    const folder = join(this.#state, 'saves', name);
    await copyEmulator(this.workingEmulator, join(folder, 'emulator'));
    await writeEc2(join(folder, EC2_FILE));
    await writeFile(join(folder, 'save.json'), JSON.stringify(info, null, 2));
    const pointer = join(this.#state, 'current');
    await writeFile(`${pointer}.new`, name);
    await rename(`${pointer}.new`, pointer);
    await this.#dropOld(Number(name));
  }

  async #currentName(): Promise<string | undefined> {
    const name = await readFile(join(this.#state, 'current'), 'utf8').catch(() => undefined);
    return name !== undefined && /^\d+$/.test(name) ? name : undefined;
  }

  async #nextName(): Promise<string> {
    const names = await readdir(join(this.#state, 'saves')).catch(() => []);
    return String(Math.max(0, ...names.map(Number).filter(Number.isInteger)) + 1);
  }

  async #dropOld(newest: number): Promise<void> {
    for (const name of await readdir(join(this.#state, 'saves')))
      if (Number(name) <= newest - KEPT_SAVES)
        await rm(join(this.#state, 'saves', name), { recursive: true, force: true });
  }
}

/** Folders whose files the emulator replaces as a whole and never writes into: objects of S3, code of functions. */
const NEVER_WRITTEN_INTO = new Set(['s3', 'lambda-blobs']);

/** Copies an emulator's state. Where no file is changed in place they are linked instead, and the copies stay apart. */
async function copyEmulator(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (NEVER_WRITTEN_INTO.has(entry.name)) await linkTree(source, target);
    else await cp(source, target, { recursive: true });
  }
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    // A file that is gone by now was a temporary one, or an object deleted this moment.
    else await link(source, target).catch(ignoreAbsent);
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function ignoreAbsent(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
