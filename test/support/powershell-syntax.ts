import { fileURLToPath } from 'node:url';
import { Language, type Node, Parser } from 'web-tree-sitter';

/** A PowerShell script as its syntax tree. Nothing is run: what is asked of it is asked of the text's structure. */
export type Script = { text: string; root: Node };

const grammar = await (async () => {
  await Parser.init();
  return Language.load(
    fileURLToPath(import.meta.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm')),
  );
})();

/** Where the grammar could not read a text, each as `line: text`. It knows less than PowerShell; what it accepts is well-formed. */
export const syntaxErrors = ({ root }: Script): string[] =>
  all(root, 'ERROR').map(
    ({ startPosition, text }) => `${String(startPosition.row + 1)}: ${text.slice(0, 80)}`,
  );

/** Parses a text, well-formed or not. */
export const parse = (text: string): Script => {
  const parser = new Parser();
  parser.setLanguage(grammar);
  const root = parser.parse(text)?.rootNode;
  if (root === undefined) throw new Error('the parser gave up');
  return { text, root };
};

/** Parses a text. Throws with the places that are not well-formed. */
export const parseScript = (text: string): Script => {
  const script = parse(text);
  if (script.root.hasError) throw new Error(`no PowerShell: ${syntaxErrors(script).join('; ')}`);
  return script;
};

/** Every node of these types below one, in the order of the text. */
export const all = (node: Node, ...types: string[]): Node[] =>
  node.descendantsOfType(types).filter((found) => found.id !== node.id);

/** The named children, without comments. */
export const parts = (node: Node): Node[] => node.namedChildren.filter(({ type }) => type !== 'comment');

/** The first child of a type. */
export const part = (node: Node, type: string): Node | undefined =>
  node.namedChildren.find((child) => child.type === type);

/** Text of a node in one line, as it is compared. */
export const flat = (node: Node | undefined): string => (node?.text ?? '').trim().replaceAll(/\s+/g, ' ');

/** The statements of a program, a function or a block. */
export const statementsOf = (node: Node | undefined): Node[] => {
  if (node === undefined) return [];
  const list = node.type === 'statement_list' ? node : firstList(node);
  return list === undefined ? [] : parts(list).filter(({ type }) => type !== 'empty_statement');
};

const firstList = (node: Node): Node | undefined => {
  const body = part(node, 'script_block') ?? part(node, 'script_block_body') ?? node;
  if (body.id !== node.id) return firstList(body);
  return part(node, 'statement_list');
};

/** Name of a command, in lower case as PowerShell compares it; `&` for one that a variable names. */
export const commandName = (command: Node): string =>
  part(command, 'command_name')?.text.toLowerCase() ?? '&';

/** Commands of a name anywhere in a node. */
export const commands = (node: Node, name: string): Node[] =>
  all(node, 'command').filter((one) => commandName(one) === name.toLowerCase());

/** What follows `-Name` in a command; an empty text for a switch, undefined when it is not there. */
export const argument = (command: Node, name: string): string | undefined => {
  const elements = parts(part(command, 'command_elements') ?? command).filter(
    ({ type }) => type !== 'command_argument_sep',
  );
  const place = elements.findIndex(
    ({ type, text }) => type === 'command_parameter' && text.toLowerCase() === `-${name.toLowerCase()}`,
  );
  if (place < 0) return undefined;
  const value = elements[place + 1];
  return value === undefined || value.type === 'command_parameter' ? '' : flat(value);
};

/** The functions of a script by name, in lower case. */
export const functionsOf = ({ root }: Script): Map<string, Node> =>
  new Map(
    all(root, 'function_statement').map((one) => [part(one, 'function_name')?.text.toLowerCase() ?? '', one]),
  );

/** `$variable` and what it is set to, of every assignment in a node. */
export const assignments = (node: Node): { to: string; operator: string; value: string }[] =>
  all(node, 'assignment_expression').map((one) => ({
    to: flat(part(one, 'left_assignment_expression')),
    operator: flat(part(one, 'assignement_operator')),
    value: flat(part(one, 'pipeline')),
  }));

/** What a variable is set to by its only assignment in a node; undefined when there is none or several. */
export const valueOf = (node: Node, variable: string): string | undefined => {
  const found = assignments(node).filter(({ to }) => to === variable);
  return found.length === 1 ? found[0]?.value : undefined;
};
