import type { Event, Path } from '../../../support/powershell-paths.ts';
import { pathsOf } from '../../../support/powershell-paths.ts';
import {
  all,
  argument,
  assignments,
  commands,
  flat,
  functionsOf,
  parseScript,
  part,
  type Script,
  statementsOf,
  syntaxErrors,
  valueOf,
} from '../../../support/powershell-syntax.ts';

type Rule = [rule: string, isKept: boolean];

const kept = new WeakMap<Script, Path[]>();
const ways = (script: Script): Path[] => {
  const found = kept.get(script) ?? pathsOf(script);
  kept.set(script, found);
  return found;
};

const SECRET = /password|passwd|secret|token|credential|ConvertTo-SecureString|-AsPlainText/i;

/** What every PowerShell text of ours must be. */
const generalRules = (script: Script): Rule[] => [
  ['is well-formed', syntaxErrors(script).length === 0 && !script.root.hasError],
  // Windows PowerShell reads what has no byte order mark in the code page of the machine.
  ['is ASCII', /^[\t\r\n -~]*$/.test(script.text)],
  ['stops at errors', valueOf(script.root, '$ErrorActionPreference') === "'Stop'"],
  ['shows no progress', commands(script.root, 'Write-Progress').length === 0],
  ['holds no secret', !SECRET.test(script.text)],
  [
    'runs nothing from elsewhere',
    !/https?:\/\/|Invoke-Expression|\biex\b|Invoke-WebRequest|DownloadString/i.test(script.text),
  ],
];

const stepRules = (script: Script): Rule[] => [
  [
    'begins with strict mode, terminating errors and no progress',
    statementsOf(script.root).slice(0, 3).map(flat).join('; ') ===
      "Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'",
  ],
  ['ends with an exit code or an error', ways(script).every(({ end }) => end === 'exit' || end === 'throw')],
  ['needs nothing of the product', !/GOLDSMITH_/.test(script.text)],
];

const names = (events: Event[]) => events.map(({ name }) => name);
const last = (path: Path) => path.events.at(-1)?.text ?? '';
const works = ({ events }: Path) => events.every(({ failed }) => !failed);

/** Whether `inner` is called after the last `outer` of a way, and worked. */
const isAfter = (events: Event[], outer: string, inner: string) =>
  names(events).lastIndexOf(inner) > names(events).lastIndexOf(outer);

const minutes = (script: Script): number =>
  Number(/^\(Get-Date\)\.AddMinutes\((\d+)\)$/.exec(valueOf(script.root, '$deadline') ?? '')?.[1]);

const generaliseRules = (script: Script, limitSeconds: number): Rule[] => {
  const invoke = functionsOf(script).get('invoke-program') ?? script.root;
  const wait = functionsOf(script).get('wait-generalised') ?? script.root;
  const done = ways(script).filter(
    (path) => last(path) === 'exit 0' && names(path.events).includes('invoke-program'),
  );
  const failed = ways(script).filter((path) => /^exit (?!0)/.test(last(path)));
  const [process] = commands(script.root, 'Start-Process');
  const refusals = all(invoke, 'if_statement').filter(
    (one) => flat(part(one, 'pipeline')) === '$exitCode -ne 0',
  );
  return [
    ['gives up before its time is over, and says why', minutes(script) * 60 <= limitSeconds - 300],
    [
      'asks Windows whether it is generalised before it says so',
      done.length > 0 && done.every(({ events }) => isAfter(events, 'invoke-program', 'wait-generalised')),
    ],
    [
      'believes only the state that stands for it',
      valueOf(script.root, '$generalised') === "'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE'" &&
        flat(part(all(wait, 'while_statement')[0] ?? wait, 'while_condition')) ===
          '(Get-ImageState) -ne $generalised',
    ],
    [
      'waits with an end',
      all(wait, 'flow_control_statement').some(({ text }) => text.startsWith('throw ')) &&
        /\$deadline -or .*\$patience/.test(flat(wait)),
    ],
    [
      'waits for each program with an end',
      all(script.root, 'invokation_expression').filter(({ text }) => text.includes('.WaitForExit($left)'))
        .length === 1,
    ],
    [
      'starts programs in its own console and keeps them',
      process !== undefined &&
        argument(process, 'NoNewWindow') === '' &&
        argument(process, 'PassThru') === '',
    ],
    [
      'keeps the exit code of a program',
      assignments(invoke).some(({ value }) => value === '$process.Handle'),
    ],
    [
      'hands a bad exit code on',
      refusals.length === 1 &&
        statementsOf(part(refusals[0] ?? invoke, 'statement_block'))
          .map(flat)
          .at(-1) === 'exit $exitCode',
    ],
    [
      "tells a failure with sysprep's own log",
      failed.length > 0 &&
        failed.filter(works).every(({ events }) => names(events).includes('write-syspreplog')),
    ],
    [
      'leaves the machine running',
      !/Stop-Computer|Restart-Computer|\/shutdown|\/reboot|shutdown\.exe/i.test(script.text),
    ],
    [
      'writes nothing into the image',
      !/Start-Transcript|Out-File|Set-Content|Add-Content|New-Item/i.test(script.text),
    ],
  ];
};

const broken = (rules: Rule[]): string[] => rules.filter(([, isKept]) => !isKept).map(([rule]) => rule);

/** What a PowerShell text lacks of what every one of ours must be. */
export const generalFaults = (script: Script): string[] => broken(generalRules(script));
/** The same of a text that is a step of a run. */
export const stepFaults = (script: Script): string[] =>
  broken([...generalRules(script), ...stepRules(script)]);
/** The same of a text that generalises Windows in a cloud within a limit of time. */
export const generaliseFaults = (text: string, limitSeconds: number): string[] => {
  const script = parseScript(text);
  return broken([...generalRules(script), ...stepRules(script), ...generaliseRules(script, limitSeconds)]);
};

/** What the programs of a script are called with on each way to a good end, one text a way. */
export const callsOf = (text: string): string[] => {
  const good = ways(parseScript(text)).filter((path) => last(path) === 'exit 0' && works(path));
  const calls = good.map(({ events }) =>
    events
      .filter(({ name }) => name === 'invoke-program')
      .map((event) => event.text)
      .join(' then '),
  );
  return [...new Set(calls)].filter((call) => call !== '').sort();
};
