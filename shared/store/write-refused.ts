/**
 * A transaction was refused. `failed` are the places of the writes whose guard did not hold, none for a clash with other
 * transactions that did not end.
 */
export class WriteRefused extends Error {
  readonly failed: number[];
  constructor(failed: number[]) {
    super(
      failed.length > 0 ? `guards ${failed.join(', ')} did not hold` : 'another transaction was in the way',
    );
    this.name = 'WriteRefused';
    this.failed = failed;
  }
}
