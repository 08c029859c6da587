import type { CloudAnswer } from '../cloud.ts';

/** What ends a request before its handler is through: an answer of its own. */
export class Refusal extends Error {
  readonly answer: CloudAnswer;
  constructor(answer: CloudAnswer) {
    super(JSON.stringify(answer.body));
    this.answer = answer;
  }
}

/** An error in the form of Azure Resource Manager ("ODataV4Format", Resource Manager's REST guidelines). */
export const armError = (status: number, code: string, message: string): CloudAnswer => ({
  status,
  // x-ms-error-code is what the newer SDKs read first.
  headers: { 'x-ms-error-code': code },
  body: { error: { code, message } },
});

/** Throws an error of Azure Resource Manager. */
export const refuse = (status: number, code: string, message: string): never => {
  throw new Refusal(armError(status, code, message));
};

/** The words of "Resolve errors for resource not found" in Microsoft's documentation. */
export const groupNotFound = (name: string): CloudAnswer =>
  armError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`);

export const resourceNotFound = (type: string, name: string, group: string): CloudAnswer =>
  armError(
    404,
    'ResourceNotFound',
    `The Resource '${type}/${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );

export const ok = (body: unknown): CloudAnswer => ({ status: 200, body });
export const created = (body: unknown): CloudAnswer => ({ status: 201, body });
export const list = (value: unknown[]): CloudAnswer => ok({ value });
