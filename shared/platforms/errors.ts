import type { ErrorId } from '../domain/triage/catalogue.ts';

/** What a platform, or the template for it, does not accept, with the id of the catalogue that explains it. */
export class PlatformError extends Error {
  readonly errorId: ErrorId;
  /** The field to blame, as in checks, where it is a single one and the id alone does not say which. */
  readonly field: string | undefined;
  constructor(errorId: ErrorId, message: string, options: ErrorOptions & { field?: string } = {}) {
    super(message, options);
    this.name = 'PlatformError';
    this.errorId = errorId;
    this.field = options.field;
  }
}
