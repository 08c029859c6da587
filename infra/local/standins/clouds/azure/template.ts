import { at, isObject } from './json.ts';

/** What the expressions of a deployment's template can refer to. */
export type Scope = {
  subscriptionId: string;
  group: { name: string; location: string };
  parameters: unknown;
  variables: unknown;
};

type Token = { text: string; isText: boolean };

const tokensOf = (source: string): Token[] =>
  [...source.matchAll(/'((?:[^']|'')*)'|([A-Za-z]+|[().,])/g)].map(([, text, word]) =>
    text === undefined
      ? { text: word ?? '', isText: false }
      : { text: text.replaceAll("''", "'"), isText: true },
  );

/**
 * Evaluates the functions that Packer's templates use: parameters, variables, concat, resourceId, resourceGroup.
 * Everything else throws: a template that needs more is none of Packer's.
 */
export const evaluate = (source: string, scope: Scope): unknown => {
  const tokens = tokensOf(source);
  let place = 0;
  const take = (): Token => {
    const token = tokens[place];
    if (token === undefined) throw new Error(`the expression ${source} ends too early`);
    place += 1;
    return token;
  };
  const isNext = (text: string): boolean => tokens[place]?.text === text && tokens[place]?.isText === false;
  const readArguments = (): unknown[] => {
    const values: unknown[] = [];
    take();
    while (!isNext(')')) {
      values.push(read());
      if (isNext(',')) take();
    }
    take();
    return values;
  };
  const read = (): unknown => {
    const token = take();
    if (token.isText) return token.text;
    let value = call(token.text, readArguments(), scope);
    while (isNext('.')) {
      take();
      value = at(value, take().text);
    }
    return value;
  };
  return read();
};

const call = (name: string, values: unknown[], scope: Scope): unknown => {
  const [first] = values.map(String);
  switch (name) {
    case 'parameters':
      return at(scope.parameters, first ?? '', 'value');
    case 'variables':
      return resolve(at(scope.variables, first ?? ''), scope);
    case 'concat':
      return values.map(String).join('');
    case 'resourceGroup':
      return scope.group;
    case 'resourceId':
      return resourceId(values.map(String), scope);
    default:
      throw new Error(`the template function ${name} is not known here`);
  }
};

/** `resourceId([group], type, name, …)`: the group is left out where the type comes first. */
const resourceId = (values: string[], { subscriptionId, group }: Scope): string => {
  const hasGroup = !(values[0] ?? '').includes('/');
  const [type = '', ...names] = hasGroup ? values.slice(1) : values;
  const [namespace = '', ...levels] = type.split('/');
  const path = levels.map((level, place) => `${level}/${names[place] ?? ''}`).join('/');
  const where = hasGroup ? values[0] : group.name;
  return `/subscriptions/${subscriptionId}/resourceGroups/${where}/providers/${namespace}/${path}`;
};

/** A value of a template with every expression in it evaluated. */
export const resolve = (value: unknown, scope: Scope): unknown => {
  if (Array.isArray(value)) return value.map((one) => resolve(one, scope));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one, scope)]));
  const isExpression = typeof value === 'string' && value.startsWith('[') && value.endsWith(']');
  return isExpression ? evaluate(value.slice(1, -1), scope) : value;
};
