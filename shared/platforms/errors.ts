import type { ErrorId } from '../domain/triage/catalogue.ts';

/** What a platform, or the template for it, does not accept, with the id of the catalogue that explains it. */
export class PlatformError extends Error {
  readonly errorId: ErrorId;
  constructor(errorId: ErrorId, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PlatformError';
    this.errorId = errorId;
  }
}
