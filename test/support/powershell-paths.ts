import type { Node } from 'web-tree-sitter';
import {
  all,
  commandName,
  flat,
  functionsOf,
  part,
  parts,
  type Script,
  statementsOf,
} from './powershell-syntax.ts';

/** One thing that happens: a command that runs (or fails), or one of `exit`, `throw` and `return`. */
export type Event = { name: string; text: string; failed: boolean };
/** What may happen from the first line to the end. `end` is how it ended; `next` is the end of the text. */
export type Path = { events: Event[]; end: 'next' | 'return' | 'exit' | 'throw' };

type Walk = { functions: Map<string, Node>; depth: number };

const FAIL = (path: Path): boolean => path.events.some(({ failed }) => failed);
const going = (paths: Path[]): Path[] => paths.filter(({ end }) => end === 'next');

/** Every path so far, gone on with what comes next where it still goes on. At most one command fails on a path. */
const then = (paths: Path[], next: Path[]): Path[] => [
  ...paths.filter(({ end }) => end !== 'next'),
  ...going(paths).flatMap((before) =>
    next
      .filter((after) => !(FAIL(before) && FAIL(after)))
      .map(({ events, end }) => ({ events: [...before.events, ...events], end })),
  ),
];
const start: Path[] = [{ events: [], end: 'next' }];
const either = (...choices: Path[][]): Path[] => choices.flat();

/** A command runs, or fails as an error does under `$ErrorActionPreference = 'Stop'`. */
const runCommand = (command: Node, walk: Walk): Path[] => {
  const name = commandName(command);
  const event = { name, text: flat(command), failed: false };
  const body = walk.functions.get(name);
  const ran: Path[] = [{ events: [event], end: 'next' }];
  if (body !== undefined && walk.depth < 6) return then(ran, returned(runFunction(body, walk)));
  return [...ran, { events: [{ ...event, failed: true }], end: 'throw' }];
};

const runFunction = (body: Node, walk: Walk): Path[] =>
  runAll(statementsOf(body), { ...walk, depth: walk.depth + 1 });

/** `return` ends a function, not its caller. */
const returned = (paths: Path[]): Path[] =>
  paths.map((path) => (path.end === 'return' ? { ...path, end: 'next' as const } : path));

/** Commands in an expression run before what they are part of; those in a script block are its own affair. */
const runCommandsOf = (node: Node, walk: Walk): Path[] => {
  const found = all(node, 'command').filter((one) => !isInScriptBlock(one, node));
  const inner = (one: Node) => found.filter((other) => isInside(one, other)).length;
  const order = found.toSorted((a, b) => inner(b) - inner(a));
  return order.reduce((paths, one) => then(paths, runCommand(one, walk)), start);
};

const isInside = (node: Node, outer: Node): boolean =>
  node.id !== outer.id && node.startIndex >= outer.startIndex && node.endIndex <= outer.endIndex;
const isInScriptBlock = (node: Node, top: Node): boolean =>
  all(top, 'script_block_expression').some((block) => isInside(node, block));

const runIf = (node: Node, walk: Walk): Path[] => {
  const clauses = [node, ...parts(part(node, 'elseif_clauses') ?? node).filter(isElseIf)];
  const otherwise = part(node, 'else_clause');
  const last = otherwise === undefined ? start : runBlock(otherwise, walk);
  return clauses.reduceRight((rest, clause) => {
    const condition = part(clause, 'pipeline');
    const asked = condition === undefined ? start : runCommandsOf(condition, walk);
    return then(asked, either(runBlock(clause, walk), rest));
  }, last);
};
const isElseIf = ({ type }: Node): boolean => type === 'elseif_clause';

const runBlock = (node: Node, walk: Walk): Path[] =>
  runAll(statementsOf(part(node, 'statement_block')), walk);

const runTry = (node: Node, walk: Walk): Path[] => {
  const clause = all(node, 'catch_clause').find(({ parent }) => parent?.parent?.id === node.id);
  const tried = runBlock(node, walk);
  if (clause === undefined) return tried;
  const caught = runBlock(clause, walk);
  const thrown = tried
    .filter(({ end }) => end === 'throw')
    .map(({ events }): Path => ({ events, end: 'next' }));
  return either(
    tried.filter(({ end }) => end !== 'throw'),
    then(thrown, caught),
  );
};

const runLoop = (node: Node, walk: Walk): Path[] => {
  const asked = part(node, 'while_condition') ?? part(node, 'pipeline');
  const before = asked === undefined ? start : runCommandsOf(asked, walk);
  return then(before, either(start, runBlock(node, walk)));
};

const endings = ['exit', 'throw', 'return'] as const;

const runFlow = (node: Node, walk: Walk): Path[] => {
  const text = flat(node);
  const end = endings.find((word) => text.toLowerCase().startsWith(word));
  const last: Path[] = [{ events: [{ name: end ?? text, text, failed: false }], end: end ?? 'next' }];
  return then(runCommandsOf(node, walk), last);
};

const runStatement = (node: Node, walk: Walk): Path[] => {
  switch (node.type) {
    case 'if_statement':
      return runIf(node, walk);
    case 'try_statement':
      return runTry(node, walk);
    case 'foreach_statement':
    case 'while_statement':
      return runLoop(node, walk);
    case 'flow_control_statement':
      return runFlow(node, walk);
    case 'function_statement':
    case 'trap_statement':
      return start;
    case 'pipeline':
      return runCommandsOf(node, walk);
    default:
      throw new Error(`paths through a ${node.type} are not known`);
  }
};

const runAll = (statements: Node[], walk: Walk): Path[] =>
  statements.reduce((paths, one) => then(paths, runStatement(one, walk)), start);

/**
 * Every way through a script: each branch is taken and not taken, a loop runs once or not at all, each command works
 * or fails (one on a path), functions are followed, and what nobody catches goes through the script's trap. What the
 * conditions say is not looked at, so that there are ways that no run can take.
 */
export const pathsOf = (script: Script): Path[] => {
  const walk = { functions: functionsOf(script), depth: 0 };
  const statements = statementsOf(script.root);
  const paths = runAll(statements, walk);
  const trap = statements.find(({ type }) => type === 'trap_statement');
  if (trap === undefined) return paths;
  const thrown = paths
    .filter(({ end }) => end === 'throw')
    .map(({ events }): Path => ({ events, end: 'next' }));
  return either(
    paths.filter(({ end }) => end !== 'throw'),
    then(thrown, runBlock(trap, walk)),
  );
};
