import * as z from 'zod';
import { entityBase, entityInput, idOf, mapOf, osFamilySchema, templateSafeText } from '../common.ts';
import { readable } from '../readable.ts';
import { secretInput, secretOutput, secretStored } from '../secret.ts';
import { variants } from '../variants.ts';
import { elevation, oneSource, oneValue, placed } from './provisioner-rules.ts';

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'is no environment variable name');

/** Most variables of one script; each secret one is a call to KMS. */
const MAX_VARIABLES = 100;

/** Environment of a script; Packer would render `{{` in it, so it is refused. */
export const environmentSchema = mapOf(variableName, templateSafeText(8192), MAX_VARIABLES, 'variables');

/** Longest inline script, in characters: the item it is stored in may have 400 KB. */
const MAX_SCRIPT = 200_000;

/** Characters that neither Packer's two template passes nor a remote shell gives a meaning to; no option of a command. */
const remotePath = z
  .string()
  .min(1)
  .max(500, { abort: true })
  .regex(/^[A-Za-z0-9_./:\\~ -]+$/, 'is no plain path')
  .regex(/^[^ -]/, 'begins with a space or a hyphen')
  .describe(
    'Path in the build VM, in a folder that is there. With a slash at its end an uploaded file keeps its own name.',
  );

const stored = {
  resourceId: idOf('resource')
    .optional()
    .describe('Uploaded file that holds it, in place of the inline text.'),
  resourceVersion: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('Version of that file. Default: the newest when a run is created.'),
};
const script = z.string().min(1).max(MAX_SCRIPT);
const exits = {
  validExitCodes: z
    .array(z.int().min(0).max(0xffffffff))
    .min(1)
    .max(20)
    .optional()
    .describe('Exit codes that mean success. Default: 0.'),
};
const disconnects = {
  expectDisconnect: z
    .boolean()
    .optional()
    .describe('The script may end the connection, for example by a restart. Default: false.'),
};
const trying = {
  timeoutSeconds: z.int().min(1).max(86_400).optional().describe('Most time for one try. Default: none.'),
  pauseBeforeSeconds: z.int().min(0).max(3600).optional().describe('Pause before the step. Default: 0.'),
  retries: z.int().min(0).max(10).optional().describe('Tries after a failure. Default: 0.'),
};
const linux = { osFamily: z.literal('linux') };
const windows = { osFamily: z.literal('windows') };
const restartTimeout = {
  restartTimeoutSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .describe('How long a restart may take. Default: 300, with updates 14,400.'),
};

const file = {
  type: z.literal('file'),
  osFamily: osFamilySchema,
  ...trying,
  ...stored,
  content: z.string().max(MAX_SCRIPT).optional().describe('Text of the file.'),
  destination: remotePath,
};

const windowsRestart = {
  type: z.literal('windows-restart'),
  ...windows,
  ...trying,
  ...restartTimeout,
  restartCommand: templateSafeText(1000)
    .min(1)
    .optional()
    .describe('Command that restarts. Default: shutdown /r /f /t 0 with a comment.'),
  restartCheckCommand: templateSafeText(1000)
    .min(1)
    .optional()
    .describe('Command that succeeds once the machine is back. Default: one that prints a word.'),
  checkRegistry: z
    .boolean()
    .optional()
    .describe('Wait while the registry says that a restart is due. Default: false.'),
};

const windowsUpdate = {
  type: z.literal('windows-update'),
  ...windows,
  ...trying,
  ...restartTimeout,
  searchCriteria: templateSafeText(1000)
    .min(1)
    .optional()
    .describe('Query of the Windows Update Agent. Default: BrowseOnly=0 and IsInstalled=0.'),
  filters: z
    .array(templateSafeText(1000).regex(/^(include|exclude):\S/, 'must begin with include: or exclude:'))
    .min(1)
    .max(50)
    .optional()
    .describe(
      'PowerShell expressions over each update $_; the first that is true decides. Default: include:$true.',
    ),
  updateLimit: z.int().min(1).max(1000).optional().describe('Most updates at once. Default: 1000.'),
};

/** What Packer's scheduled task takes: other characters would stand in its definition with an escape before them. */
const accountName = z
  .string()
  .min(1)
  .max(104, { abort: true })
  .regex(/^[A-Za-z0-9._@\\ -]+$/, 'may hold ASCII letters, digits, spaces and . _ @ \\ - only');

const batchScript = script
  .optional()
  .describe("Text of the script; cmd reads it in the machine's own code page, so keep to ASCII.");
const playbook = script.optional().describe('Text of the playbook (YAML). Ansible must be in the build VM.');
const extraArguments = z
  .array(templateSafeText(500).min(1))
  .max(50)
  .optional()
  .describe('Further arguments of ansible-playbook, each as it stands; no shell reads them. Default: none.');

const fieldsOf = <S extends z.ZodType>(secret: S) => {
  const variables = {
    environment: environmentSchema.optional().describe('Environment variables.'),
    secretEnvironment: mapOf(variableName, secret, MAX_VARIABLES, 'variables')
      .optional()
      .describe('Environment variables with secret values.'),
  };
  const scripted = {
    ...variables,
    ...trying,
    ...stored,
    script: script.optional().describe('Text of the script.'),
  };
  return {
    shell: {
      type: z.literal('shell'),
      ...linux,
      ...scripted,
      ...exits,
      ...disconnects,
      runAs: z
        .enum(['login-user', 'root'])
        .optional()
        .describe('Who runs the script; root: through sudo -n. Default: login-user.'),
    },
    powershell: {
      type: z.literal('powershell'),
      ...windows,
      ...scripted,
      ...exits,
      ...disconnects,
      elevatedUser: accountName
        .optional()
        .describe(
          'User that runs the script with full rights, as a scheduled task; SYSTEM needs no password.',
        ),
      elevatedPassword: secret.optional().describe('Password of that user.'),
    },
    windowsShell: {
      type: z.literal('windows-shell'),
      ...windows,
      ...scripted,
      script: batchScript,
      ...exits,
      ...disconnects,
    },
    file,
    windowsRestart,
    windowsUpdate,
    ansibleLocal: {
      type: z.literal('ansible-local'),
      ...linux,
      ...scripted,
      script: playbook,
      extraArguments,
    },
  };
};

const input = fieldsOf(secretInput);
const output = fieldsOf(secretOutput);
const kept = fieldsOf(secretStored);
const base = entityBase('provisioner');
const oneScript = oneSource('script');

/** One step run inside the VM. */
export const provisionerInput = variants('type', { ...entityInput, osFamily: osFamilySchema }, [
  z
    .strictObject({ ...entityInput, ...input.shell })
    .superRefine(oneScript)
    .superRefine(oneValue),
  z
    .strictObject({ ...entityInput, ...input.powershell })
    .superRefine(oneScript)
    .superRefine(oneValue)
    .superRefine(elevation),
  z
    .strictObject({ ...entityInput, ...input.windowsShell })
    .superRefine(oneScript)
    .superRefine(oneValue),
  z
    .strictObject({ ...entityInput, ...input.file })
    .superRefine(oneSource('content'))
    .superRefine(placed),
  z.strictObject({ ...entityInput, ...input.windowsRestart }),
  z.strictObject({ ...entityInput, ...input.windowsUpdate }),
  z
    .strictObject({ ...entityInput, ...input.ansibleLocal })
    .superRefine(oneScript)
    .superRefine(oneValue),
]).meta({ id: 'ProvisionerInput' });
export const provisionerSchema = z
  .discriminatedUnion('type', [
    z.object({ ...base, ...readable(output.shell) }),
    z.object({ ...base, ...readable(output.powershell) }),
    z.object({ ...base, ...readable(output.windowsShell) }),
    z.object({ ...base, ...readable(output.file) }),
    z.object({ ...base, ...readable(output.windowsRestart) }),
    z.object({ ...base, ...readable(output.windowsUpdate) }),
    z.object({ ...base, ...readable(output.ansibleLocal) }),
  ])
  .meta({ id: 'Provisioner' });
export const provisionerStored = z.discriminatedUnion('type', [
  z.object({ ...base, ...readable(kept.shell) }),
  z.object({ ...base, ...readable(kept.powershell) }),
  z.object({ ...base, ...readable(kept.windowsShell) }),
  z.object({ ...base, ...readable(kept.file) }),
  z.object({ ...base, ...readable(kept.windowsRestart) }),
  z.object({ ...base, ...readable(kept.windowsUpdate) }),
  z.object({ ...base, ...readable(kept.ansibleLocal) }),
]);
export type ProvisionerInput = z.infer<typeof provisionerInput>;
export type ProvisionerStored = z.infer<typeof provisionerStored>;
