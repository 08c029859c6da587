/** Somebody else was faster too many times in a row. */
export class TooContended extends Error {
  constructor(cause: unknown) {
    super('too many changes at once', { cause });
    this.name = 'TooContended';
  }
}
