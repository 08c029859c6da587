import type { Node } from 'web-tree-sitter';
import { type Event, type Path, pathsOf } from '../../../support/powershell-paths.ts';
import {
  all,
  argument,
  assignments,
  commands,
  flat,
  functionsOf,
  part,
  type Script,
  statementsOf,
  valueOf,
} from '../../../support/powershell-syntax.ts';

/** What a script lacks of one point of the requirements; nothing when it fulfils it. */
export type Check = (script: Script) => string[];
type Rule = [rule: string, isKept: boolean];

const broken = (rules: Rule[]): string[] => rules.filter(([, isKept]) => !isKept).map(([rule]) => rule);
const check =
  (rules: (script: Script) => Rule[]): Check =>
  (script) =>
    broken(rules(script));

const one = (found: Node[]): Node | undefined => (found.length === 1 ? found[0] : undefined);
const the = ({ root }: Script, name: string): Node | undefined => one(commands(root, name));
const inFunction = (script: Script, name: string): Node => functionsOf(script).get(name) ?? script.root;
const given = (command: Node | undefined, name: string): string | undefined =>
  command === undefined ? undefined : argument(command, name);

/** The ways through a script are found once: most points ask for them. */
const known = new WeakMap<Script, Path[]>();
const ways = (script: Script): Path[] => {
  const found = known.get(script) ?? pathsOf(script);
  known.set(script, found);
  return found;
};

const at = (events: Event[], name: string): number => events.findIndex((event) => event.name === name);
const before = (path: Path, name: string): Event[] => path.events.slice(0, at(path.events, name));
const after = (path: Path, name: string): Event[] =>
  path.events.slice(path.events.findLastIndex((event) => event.name === name) + 1);
const reaches = (name: string) => (path: Path) => at(path.events, name) >= 0;
const failing = (name: string) => (path: Path) =>
  path.events.some((event) => event.name === name && event.failed);
/** The arguments of each message, told or tried to. */
const messages = (events: Event[]): string[] =>
  events.filter(({ name }) => name === 'write-message').map(({ text }) => text);
const says = (events: Event[], ...words: string[]): boolean =>
  messages(events).some((text) => words.every((word) => text.includes(word)));
const endsWith = (path: Path, text: string): boolean => path.events.at(-1)?.text === text;

/** Whether all of some ways hold something; nothing can be said of no way at all. */
const every = (paths: Path[], holds: (path: Path) => boolean): boolean =>
  paths.length > 0 && paths.every(holds);
const starting = (script: Script) => ways(script).filter(reaches('start-process'));

const conditionOf = (node: Node): string => flat(part(node, 'pipeline'));
const ifs = (node: Node, condition: string): Node | undefined =>
  one(all(node, 'if_statement').filter((found) => conditionOf(found) === condition));
const blockOf = (node: Node | undefined): string[] =>
  node === undefined ? [] : statementsOf(part(node, 'statement_block')).map(flat);

/** The outermost `try`, and what its `catch` does. */
const mainTry = ({ root }: Script): Node | undefined =>
  one(statementsOf(root).filter(({ type }) => type === 'try_statement'));
const catchOf = (node: Node | undefined): Node | undefined =>
  node === undefined
    ? undefined
    : all(node, 'catch_clause').find(({ parent }) => parent?.parent?.id === node.id);

const SPEAKING = [
  'write-output',
  'write-warning',
  'write-error',
  'write-verbose',
  'write-information',
  'echo',
];

/** S94 to S109, each on the structure of the script and on every way through it. */
export const checks: Record<string, Check> = {
  S94: check((script) => [
    ['says that it is for Windows Server 2025', script.text.includes('Windows Server 2025')],
    [
      'cleans up before it starts sysprep',
      every(starting(script), (path) => at(before(path, 'start-process'), 'remove-temporaryfile') >= 0),
    ],
  ]),
  S95: check(({ text }) => [
    ['has a note on liability', /\.NOTES[^#]*Liability: .*without warranty of any kind/s.test(text)],
    ['has a note on trademarks', /\.NOTES[^#]*Trademarks: .*do not endorse it/s.test(text)],
    ['needs nothing of the product', !/GOLDSMITH_|https?:\/\//.test(text)],
  ]),
  S96: check(({ root }) => [
    [
      'begins with strict mode, terminating errors and no progress',
      statementsOf(root).slice(0, 3).map(flat).join('; ') ===
        "Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'",
    ],
    ['leaves that so', commands(root, 'Set-StrictMode').length === 1],
    ['does not change its mind about errors', valueOf(root, '$ErrorActionPreference') === "'Stop'"],
    [
      'does not change its mind about progress',
      valueOf(root, '$ProgressPreference') === "'SilentlyContinue'",
    ],
  ]),
  S97: check((script) => {
    const made = the(script, 'New-Item');
    return [
      ['has a folder of its own', valueOf(script.root, '$logFolder') === "'C:\\goldsmith-logs'"],
      ['makes that folder', given(made, 'Path') === '$logFolder' && given(made, 'ItemType') === 'Directory'],
      ['does not fail when it is there', given(made, 'Force') === ''],
      [
        'makes it before the transcript',
        every(ways(script).filter(reaches('start-transcript')), (path) =>
          before(path, 'start-transcript').some(({ name }) => name === 'new-item'),
        ),
      ],
    ];
  }),
  S98: check((script) => {
    const log = inFunction(script, 'start-log');
    return [
      ['writes the transcript to a path', given(the(script, 'Start-Transcript'), 'Path') === '$path'],
      [
        'names it after the script and the time',
        valueOf(log, '$path') === 'Join-Path -Path $logFolder -ChildPath "$scriptName-$stamp.log"',
      ],
      ['has a time as yyyyMMdd-HHmmss', valueOf(log, '$stamp') === "Get-Date -Format 'yyyyMMdd-HHmmss'"],
      [
        'takes the name of the script file',
        assignments(script.root).some(
          ({ to, value }) =>
            to === '$scriptName' && value === '[System.IO.Path]::GetFileNameWithoutExtension($PSCommandPath)',
        ),
      ],
      [
        'prints the path',
        every(
          ways(script).filter(
            (path) => reaches('start-transcript')(path) && !failing('start-transcript')(path),
          ),
          (path) => messages(after(path, 'start-transcript')).at(0)?.includes('$path') === true,
        ),
      ],
    ];
  }),
  S99: check((script) => {
    const failed = ways(script).filter(failing('start-transcript'));
    return [
      [
        'warns when the transcript cannot be started',
        every(
          failed,
          (path) => messages(after(path, 'start-transcript')).at(0)?.endsWith('-Level WARNING') === true,
        ),
      ],
      ['goes on', failed.some(reaches('start-process')) && failed.every((path) => !reaches('throw')(path))],
    ];
  }),
  S100: check((script) => {
    const tell = inFunction(script, 'write-message');
    return [
      [
        'has the time as yyyy-MM-dd HH:mm:ss',
        valueOf(tell, '$time') === "Get-Date -Format 'yyyy-MM-dd HH:mm:ss'",
      ],
      ['puts it first', flat(the(script, 'Write-Host')) === 'Write-Host "$time [$Level] $Text"'],
      ['says everything by that function', commands(tell, 'Write-Host').length === 1],
      ['says nothing otherwise', SPEAKING.every((name) => commands(script.root, name).length === 0)],
    ];
  }),
  S101: check((script) => {
    const trap = one(statementsOf(script.root).filter(({ type }) => type === 'trap_statement'));
    const lines = blockOf(trap);
    const unhandled = ways(script).filter(failing('new-item'));
    return [
      ['tells the message', lines.some((line) => line.includes('$($_.Exception.Message)'))],
      ['tells the stack trace', lines.some((line) => line.includes('$($_.ScriptStackTrace)'))],
      [
        'tells the whole exception',
        lines.some((line) => line.includes('$($_.Exception | Format-List -Property * -Force | Out-String)')),
      ],
      ['ends the transcript', every(unhandled, (path) => at(after(path, 'new-item'), 'stop-log') >= 0)],
      ['exits with 1', every(unhandled, (path) => endsWith(path, 'exit 1'))],
      ['lets nothing through', ways(script).every(({ end }) => end !== 'throw')],
    ];
  }),
  S102: check((script) => {
    const optimize = the(script, 'Optimize-Volume');
    const failed = ways(script).filter(failing('optimize-volume'));
    return [
      ['is about drive C', given(optimize, 'DriveLetter') === 'C' && given(optimize, 'Defrag') === ''],
      [
        'comes before sysprep',
        every(
          starting(script).filter((path) => !path.events.some(({ failed: has }) => has)),
          (path) => before(path, 'start-process').some(({ name }) => name === 'optimize-volume'),
        ),
      ],
      [
        'warns when it fails',
        every(
          failed,
          (path) => messages(after(path, 'optimize-volume')).at(0)?.endsWith('-Level WARNING') === true,
        ),
      ],
      ['continues', failed.some(reaches('start-process')) && failed.every((path) => !reaches('throw')(path))],
    ];
  }),
  S103: check((script) => {
    const stop = inFunction(script, 'stop-log');
    const [guard] = all(stop, 'if_statement');
    return [
      [
        'ends the transcript before sysprep, whatever happened before',
        every(starting(script), (path) => {
          const earlier = before(path, 'start-process').map(({ name }) => name);
          return earlier.lastIndexOf('stop-log') > earlier.lastIndexOf('start-transcript');
        }),
      ],
      ['really ends it', commands(stop, 'Stop-Transcript').length === 1],
      [
        'leaves it out only when there is none',
        guard !== undefined && conditionOf(guard) === '-not $script:transcriptRuns',
      ],
      [
        'knows that there is one',
        assignments(inFunction(script, 'start-log')).some(
          ({ to, value }) => to === '$script:transcriptRuns' && value === '$true',
        ),
      ],
    ];
  }),
  S104: check((script) => {
    const call = the(script, 'Invoke-Sysprep');
    const process = the(script, 'Start-Process');
    const [first, ...more] = assignments(script.root).filter(({ to }) => to === '$arguments');
    return [
      [
        'takes sysprep.exe of the Windows directory',
        valueOf(script.root, '$sysprep') ===
          "Join-Path -Path $env:SystemRoot -ChildPath 'System32\\Sysprep\\sysprep.exe'",
      ],
      ['begins its arguments with /generalize /oobe', first?.value === "@('/generalize', '/oobe')"],
      ['only adds to them', more.every(({ operator }) => operator === '+=')],
      ['hands both on', given(call, 'Path') === '$sysprep' && given(call, 'Arguments') === '$arguments'],
      [
        'starts it with them',
        given(process, 'FilePath') === '$Path' && given(process, 'ArgumentList') === '$Arguments',
      ],
      [
        'tells them before',
        every(starting(script), (path) => says(before(path, 'start-process'), '$arguments')),
      ],
      [
        'says that the machine will shut down',
        every(starting(script), (path) => says(before(path, 'start-process'), 'machine will shut down')),
      ],
    ];
  }),
  S105: check((script) => {
    const process = the(script, 'Start-Process');
    const invoke = inFunction(script, 'invoke-sysprep');
    return [
      ['waits', given(process, 'Wait') === ''],
      ['asks for the process', given(process, 'PassThru') === ''],
      ['keeps the process', valueOf(invoke, '$process') === flat(process)],
      [
        'takes its exit code',
        assignments(invoke).some(({ to, value }) => to === '$code' && value === '$process.ExitCode'),
      ],
    ];
  }),
  S106: check((script) => {
    const invoke = inFunction(script, 'invoke-sysprep');
    const lines = statementsOf(invoke).map(flat);
    return [
      [
        'asks whether there is one',
        blockOf(ifs(invoke, '$null -eq $code')).join() === '$code = $LASTEXITCODE',
      ],
      ['answers it', lines.at(-1) === 'return $code'],
      ['asks after it is taken', lines.indexOf('$code = $process.ExitCode') === lines.length - 3],
      ['has a last exit code even before', valueOf(script.root, '$global:LASTEXITCODE') === '0'],
    ];
  }),
  S107: check((script) => {
    const lines = blockOf(ifs(script.root, '$exitCode -ne 0'));
    const ended = ways(script).filter((path) => endsWith(path, 'exit $exitCode'));
    return [
      [
        'looks at the exit code of sysprep',
        valueOf(script.root, '$exitCode')?.startsWith('Invoke-Sysprep ') === true,
      ],
      ['makes it its own', lines.at(-1) === 'exit $exitCode'],
      [
        'tells it as an error',
        every(ended, (path) => says(after(path, 'start-process'), '$exitCode', '-Level ERROR')),
      ],
      [
        'ends well only when nothing failed',
        every(
          ways(script).filter((path) => endsWith(path, 'exit 0')),
          (path) => !path.events.some(({ name }) => name === 'throw') && reaches('start-process')(path),
        ),
      ],
    ];
  }),
  S108: check((script) => {
    const missing = ifs(script.root, '-not (Test-Path -LiteralPath $sysprep -PathType Leaf)');
    const lines = blockOf(missing);
    return [
      ['tells the path', lines.some((line) => line.includes('$sysprep') && line.endsWith('-Level ERROR'))],
      ['exits with 1', lines.at(-1) === 'exit 1'],
      [
        'never starts what is not there',
        every(starting(script), (path) => at(before(path, 'start-process'), 'test-path') >= 0),
      ],
    ];
  }),
  S109: check((script) => {
    const tried = mainTry(script);
    const failed = ways(script).filter(failing('start-process'));
    const clause = catchOf(tried);
    return [
      ['guards the start of sysprep', tried !== undefined && commands(tried, 'Invoke-Sysprep').length === 1],
      ['catches every kind of error', clause !== undefined && part(clause, 'catch_type_list') === undefined],
      [
        'tells it as critical',
        every(
          failed,
          (path) =>
            messages(after(path, 'start-process'))
              .at(0)
              ?.endsWith('$($_.Exception.Message)" -Level CRITICAL') === true,
        ),
      ],
      [
        'ends the transcript before it raises the error again',
        every(failed, (path) => {
          const names = after(path, 'start-process').map(({ name }) => name);
          return names.includes('stop-log') && names.indexOf('stop-log') < names.indexOf('throw');
        }),
      ],
      ['raises the very error again', blockOf(clause).at(-1) === 'throw'],
      ['makes the run fail', every(failed, (path) => endsWith(path, 'exit 1'))],
    ];
  }),
};
