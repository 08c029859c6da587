import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Key } from './keys.ts';

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];
type Values = Record<string, unknown>;

/** What must hold of a row for a write to happen. */
export type Guard = {
  exists?: boolean;
  equals?: Values;
  /** Attributes that must not be there. */
  absent?: string[];
};

/** One write of a transaction. */
export type Write =
  | { put: Key & Values; if?: Guard }
  | { update: Key; set?: Values; remove?: string[]; if?: Guard }
  | { delete: Key; if?: Guard }
  | { check: Key; if: Guard };

type Names = { names: Record<string, string>; values: Values };

const name = (into: Names, attribute: string): string => {
  const alias = `#${attribute}`;
  into.names[alias] = attribute;
  return alias;
};

const guardExpression = (guard: Guard, into: Names): string => {
  const parts: string[] = [];
  if (guard.exists === true) parts.push(`attribute_exists(${name(into, 'pk')})`);
  if (guard.exists === false) parts.push(`attribute_not_exists(${name(into, 'pk')})`);
  for (const [attribute, value] of Object.entries(guard.equals ?? {})) {
    into.values[`:if_${attribute}`] = value;
    parts.push(`${name(into, attribute)} = :if_${attribute}`);
  }
  for (const attribute of guard.absent ?? []) parts.push(`attribute_not_exists(${name(into, attribute)})`);
  return parts.join(' AND ');
};

const updateExpression = (set: Values, remove: string[], into: Names): string => {
  const assignments = Object.entries(set)
    .filter(([, value]) => value !== undefined)
    .map(([attribute, value]) => {
      into.values[`:to_${attribute}`] = value;
      return `${name(into, attribute)} = :to_${attribute}`;
    });
  const sets = assignments.length > 0 ? [`SET ${assignments.join(', ')}`] : [];
  const removes =
    remove.length > 0 ? [`REMOVE ${remove.map((attribute) => name(into, attribute)).join(', ')}`] : [];
  return [...sets, ...removes].join(' ');
};

const conditions = (guard: Guard | undefined, into: Names) => {
  const condition = guard === undefined ? '' : guardExpression(guard, into);
  return {
    ...(condition === '' ? {} : { ConditionExpression: condition }),
    ...(Object.keys(into.names).length > 0 ? { ExpressionAttributeNames: into.names } : {}),
    ...(Object.keys(into.values).length > 0 ? { ExpressionAttributeValues: into.values } : {}),
  };
};

/** The write in DynamoDB's words. */
export const expressionOf = (table: string, write: Write): TransactItem => {
  const into: Names = { names: {}, values: {} };
  if ('put' in write) return { Put: { TableName: table, Item: write.put, ...conditions(write.if, into) } };
  if ('delete' in write)
    return { Delete: { TableName: table, Key: write.delete, ...conditions(write.if, into) } };
  if ('check' in write) {
    const condition = guardExpression(write.if, into);
    return {
      ConditionCheck: {
        TableName: table,
        Key: write.check,
        ...conditions(undefined, into),
        ConditionExpression: condition,
      },
    };
  }
  const expression = updateExpression(write.set ?? {}, write.remove ?? [], into);
  return {
    Update: {
      TableName: table,
      Key: write.update,
      UpdateExpression: expression,
      ...conditions(write.if, into),
    },
  };
};
