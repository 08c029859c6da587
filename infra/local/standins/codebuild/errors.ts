/** The errors that the CodeBuild API answers with; the name is the code on the wire. */

/** The project or build does not exist. */
export class NotFoundError extends Error {
  override readonly name = 'ResourceNotFoundException';
}

/** The request is not valid, or asks for what the stand-in does not serve. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputException';
}
