/** A refusal of the VM manager. The code is the one that the EC2 API uses, so that the launcher can pass it on. */
export class VmError extends Error {
  readonly code:
    | 'InvalidInstanceID.NotFound'
    | 'InvalidAMIID.NotFound'
    | 'IncorrectInstanceState'
    | 'InsufficientInstanceCapacity'
    | 'InvalidParameterValue';
  readonly status: number;

  constructor(code: VmError['code'], status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VmError';
    this.code = code;
    this.status = status;
  }
}
