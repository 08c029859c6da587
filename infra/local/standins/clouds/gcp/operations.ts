import type { CloudAnswer } from '../cloud.ts';
import { notFound } from './answers.ts';
import type { Operation, State } from './state.ts';

/** What an operation does, and the errors that it ends with. */
type Work = () => Promise<void>;
/** Errors of the next operations, oldest first. */
export type OperationErrors = Operation['errors'][];

/** Operations as the REST reference shows them ("zoneOperations", "globalOperations"). */
const bodyOf = ({ name, status, errors, scope }: Operation) => ({
  kind: 'compute#operation',
  name,
  status,
  progress: status === 'DONE' ? 100 : 0,
  selfLink: `https://www.googleapis.com/compute/v1/${scope}/operations/${name}`,
  ...(errors.length === 0 ? {} : { error: { errors } }),
});

/** Begins an operation in a scope such as `projects/p/zones/z`. Work that throws ends it with an error. */
export const begin = (state: State, planned: OperationErrors, scope: string, work: Work): CloudAnswer => {
  const name = `operation-${state.operations.size + 1}`;
  const errors = planned.shift() ?? [];
  const operation: Operation = { name, scope, status: 'RUNNING', errors, done: Promise.resolve() };
  const run = async (): Promise<void> => {
    try {
      if (errors.length === 0) await work();
    } catch (error) {
      errors.push({ code: 'INTERNAL_ERROR', message: String(error) });
    }
    operation.status = 'DONE';
  };
  operation.done = run();
  state.operations.set(`${scope}/operations/${name}`, operation);
  return { status: 200, body: bodyOf(operation) };
};

/** An operation as it stands, or once it is done. */
export const read = async (state: State, path: string, wait: boolean): Promise<CloudAnswer> => {
  const operation = state.operations.get(path);
  if (operation === undefined) throw notFound(path);
  if (wait) await operation.done;
  return { status: 200, body: bodyOf(operation) };
};
