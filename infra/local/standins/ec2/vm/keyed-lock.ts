/** Runs the jobs of one key one after the other; jobs of different keys run at the same time. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `job` when all earlier jobs of the key have ended, and passes its outcome on. */
  run<Result>(key: string, job: () => Promise<Result>): Promise<Result> {
    const previous = this.#tails.get(key) ?? Promise.resolve();
    const current = previous.then(job, job);
    const forget = (): void => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    };
    const tail = current.then(forget, forget);
    this.#tails.set(key, tail);
    return current;
  }
}
