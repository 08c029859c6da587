/** The run belongs to another runner or has ended: stop working, hand nothing over. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** The chunk does not follow what the API holds; the log goes on at `expectedSeq`. */
export class OutOfOrderError extends Error {
  override readonly name = 'OutOfOrderError';
  readonly expectedSeq: number;
  /** Whether an earlier try of the same request may have been carried out, its answer lost. */
  readonly wasUncertain: boolean;
  constructor(expectedSeq: number, wasUncertain: boolean) {
    super(`the log goes on at ${expectedSeq}`);
    this.expectedSeq = expectedSeq;
    this.wasUncertain = wasUncertain;
  }
}

/** The API understood and refused: asking again the same way is no use. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The API could not be reached, or not in working order, until there was no more time. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}
