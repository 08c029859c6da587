import type { FailureCategory } from '../../shared/contracts/entities/run.ts';
import { listErrors } from '../../shared/domain/triage/catalogue.ts';
import { WINDOWS_LOGS } from '../../shared/domain/triage/windows-logs.ts';

/** A line that was seen, of which failure it tells, and where it comes from. */
export type SeenLine = {
  errorId: string;
  lines: readonly (readonly [unknown, string])[];
  explains?: number;
  from: string;
};

const CATEGORIES: readonly [FailureCategory, string][] = [
  ['connection', 'The account or the machine cannot be reached, or refuses'],
  ['provisioner', 'A step went wrong'],
  ['builder-configuration', 'What the builder configuration asks for is not there or not possible'],
  ['operating-system', 'The base image is not there or does not fit'],
  ['capacity', 'No room'],
  ['timeout', 'It took too long'],
  ['platform', 'The platform, Packer or Goldsmith itself'],
];

const HEAD = `# Failures

Why a run can fail, by the id in \`failure.errorId\` of the run. Ids are stable; \`GET /v1/error-catalogue\` lists them, each
with a link to its place here. A failure also has a category, the step it broke in, the script's exit code, the number
of the log's first line that explains it (\`failure.logSeq\`, for \`GET /runs/{id}/log?afterSeq=\`) and what to do.

How it is found: the runner hands over up to 50 lines that tell of errors: the last ones, and for Packer and for the
step that ran the first ones and the first of each failure below. Packer's last word (\`Build '…' errored after …\`) decides; only when it
names a script is the script asked, by its own last words before it ended. What a step complained about that ended well,
or in a try that was followed by another, does not count. A cause that nobody knows is [unclassified](#unclassified): its
message holds the last error lines, and CloudWatch counts it (namespace \`Goldsmith\`, metric \`UnclassifiedFailures\`).
What goes wrong before Packer starts is a line of the log as well, and classified by the same ids.

## Windows

${WINDOWS_LOGS} For builds on-premises see also [on-premises.md](on-premises.md#when-a-windows-build-fails-s156-s157).

This file is written from the catalogue and from the samples of its tests.
`;

/** A line is quoted in one piece; the log has the rest of a long one. */
const MAX_QUOTE = 240;
const quoted = (text: string): string => {
  const line = text.trim().replaceAll('\n', ' ').replaceAll('\t', ' ').replaceAll('`', "'");
  return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
};

const seenLine = (samples: readonly SeenLine[], id: string): string[] => {
  const sample = samples.find(({ errorId }) => errorId === id);
  const line = sample?.lines[sample.explains ?? 0] ?? sample?.lines[0];
  return sample === undefined || line === undefined
    ? []
    : [`Seen as \`${quoted(line[1])}\` (${sample.from}).`];
};

/** The page docs/failures.md: a heading for each id, by which it is linked. */
export const failuresPage = (samples: readonly SeenLine[]): string => {
  const entries = listErrors();
  const sections = CATEGORIES.map(([category, title]) => {
    const own = entries.filter((entry) => entry.category === category);
    const parts = own.map((entry) =>
      [
        `### ${entry.id}`,
        `**${entry.title}.** ${entry.meaning}`,
        `*Remedy:* ${entry.remedy}${entry.remedyOnWindows === undefined ? '' : ' [On Windows](#windows) also look at its logs.'}`,
        ...seenLine(samples, entry.id),
      ].join('\n\n'),
    );
    return [`## ${category}: ${title}`, ...parts].join('\n\n');
  });
  return `${[HEAD.trimEnd(), ...sections].join('\n\n')}\n`;
};
