import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Key } from './keys.ts';
import { type RowKind, versionOf } from './upgrade.ts';

export type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];
type Values = Record<string, unknown>;

/** What must hold of a row for a write to happen. */
export type Guard = {
  exists?: boolean;
  equals?: Values;
  /** As `equals`, or the attribute is not there. */
  equalsIfThere?: Values;
  /** Attributes that must not be there. */
  absent?: string[];
};

/** Texts to add to, or to take from, attributes that are sets of texts; a set that becomes empty is gone. */
export type TextSets = Record<string, string[]>;

/** One write of a transaction. Whatever is put says which kind of row it is; its version is set by `versioned`. */
export type Write =
  | { put: Key & { row: RowKind } & Values; if?: Guard }
  | { update: Key; set?: Values; remove?: string[]; add?: TextSets; take?: TextSets; if?: Guard }
  | { delete: Key; if?: Guard }
  | { check: Key; if: Guard };

/**
 * `looksAgain`: whoever writes reads again after a refusal and finds out whether the write was its own. One row then costs
 * half, as it is written without a transaction, whose answer cannot be lost and asked for again: a repetition by the SDK
 * meets the guard of the write that it repeats, and is refused.
 */
export type WriteOptions = { looksAgain?: boolean };

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
  for (const [attribute, value] of Object.entries(guard.equalsIfThere ?? {})) {
    into.values[`:if_${attribute}`] = value;
    const alias = name(into, attribute);
    parts.push(`(attribute_not_exists(${alias}) OR ${alias} = :if_${attribute})`);
  }
  for (const attribute of guard.absent ?? []) parts.push(`attribute_not_exists(${name(into, attribute)})`);
  return parts.join(' AND ');
};

type Update = Extract<Write, { update: Key }>;

const updateExpression = ({ set = {}, remove = [], add = {}, take = {} }: Update, into: Names): string => {
  const valued = (verb: string, values: Values, between: string) =>
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([attribute, value]) => {
        into.values[`:${verb}_${attribute}`] = value;
        return `${name(into, attribute)}${between}:${verb}_${attribute}`;
      });
  const removed = remove.map((attribute) => name(into, attribute));
  const clauses: [string, string[]][] = [
    ['SET', valued('to', set, ' = ')],
    ['REMOVE', removed],
    ['ADD', valued('add', setsOf(add), ' ')],
    ['DELETE', valued('take', setsOf(take), ' ')],
  ];
  return clauses
    .filter(([, parts]) => parts.length > 0)
    .map(([verb, parts]) => `${verb} ${parts.join(', ')}`)
    .join(' ');
};

const setsOf = (sets: TextSets): Record<string, Set<string>> =>
  Object.fromEntries(Object.entries(sets).map(([attribute, texts]) => [attribute, new Set(texts)]));

const conditions = (guard: Guard | undefined, into: Names) => {
  const condition = guard === undefined ? '' : guardExpression(guard, into);
  return {
    ...(condition === '' ? {} : { ConditionExpression: condition }),
    ...(Object.keys(into.names).length > 0 ? { ExpressionAttributeNames: into.names } : {}),
    ...(Object.keys(into.values).length > 0 ? { ExpressionAttributeValues: into.values } : {}),
  };
};

/**
 * The write with the version of its kind of row. An update that can make a row sets `row`, and so gets the version too;
 * any other leaves the version as it is. Every table does this first, so that no caller can forget it.
 */
export const versioned = (write: Write): Write => {
  if ('put' in write) return { ...write, put: { ...write.put, schemaVersion: versionOf(write.put.row) } };
  const row = 'update' in write ? write.set?.['row'] : undefined;
  if (!('update' in write) || typeof row !== 'string') return write;
  return { ...write, set: { ...write.set, schemaVersion: versionOf(row) } };
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
  const expression = updateExpression(write, into);
  return {
    Update: {
      TableName: table,
      Key: write.update,
      UpdateExpression: expression,
      ...conditions(write.if, into),
    },
  };
};
