import * as z from 'zod';
import { entityBase, entityInput, osFamilySchema, templateSafeText } from '../common.ts';
import { secretInput, secretOutput, secretStored } from '../secret.ts';

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'is no environment variable name');

/** Most variables of one script; each secret one is a call to KMS. */
const MAX_VARIABLES = 100;

/** Environment of a script; Packer would render `{{` in it, so it is refused. */
export const environmentSchema = z
  .record(variableName, templateSafeText(8192))
  .refine((value) => Object.keys(value).length <= MAX_VARIABLES, `at most ${MAX_VARIABLES} variables`);

/** Longest inline script, in characters: the item it is stored in may have 400 KB. */
const MAX_SCRIPT = 200_000;

/** Characters that neither Packer's two template passes nor a remote shell gives a meaning to. */
const remotePath = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[A-Za-z0-9_./:\\~ -]+$/, 'is no plain path');

const scripted = {
  script: z.string().min(1).max(MAX_SCRIPT),
  validExitCodes: z.array(z.int().min(0).max(0xffffffff)).min(1).max(20).optional(),
  expectDisconnect: z.boolean().optional(),
};

const provisionerFields = <S extends z.ZodType>(secret: S) => {
  const common = {
    environment: environmentSchema.optional(),
    secretEnvironment: z
      .record(variableName, secret)
      .refine((value) => Object.keys(value).length <= MAX_VARIABLES, `at most ${MAX_VARIABLES} variables`)
      .optional(),
    timeoutSeconds: z.int().min(1).max(86_400).optional(),
    pauseBeforeSeconds: z.int().min(0).max(3600).optional(),
    retries: z.int().min(0).max(10).optional(),
  };
  return {
    shell: {
      type: z.literal('shell'),
      osFamily: z.literal('linux'),
      ...common,
      ...scripted,
      runAs: z.enum(['login-user', 'root']).optional().meta({ description: 'root: through sudo -n' }),
    },
    powershell: { type: z.literal('powershell'), osFamily: z.literal('windows'), ...common, ...scripted },
    file: {
      type: z.literal('file'),
      osFamily: osFamilySchema,
      timeoutSeconds: common.timeoutSeconds,
      pauseBeforeSeconds: common.pauseBeforeSeconds,
      retries: common.retries,
      content: z.string().max(MAX_SCRIPT),
      destination: remotePath,
    },
  };
};

const input = provisionerFields(secretInput);
const output = provisionerFields(secretOutput);
const stored = provisionerFields(secretStored);
const base = entityBase('provisioner');

/** One step run inside the VM. */
export const provisionerInput = z
  .discriminatedUnion('type', [
    z.strictObject({ ...entityInput, ...input.shell }),
    z.strictObject({ ...entityInput, ...input.powershell }),
    z.strictObject({ ...entityInput, ...input.file }),
  ])
  .meta({ id: 'ProvisionerInput' });
export const provisionerSchema = z
  .discriminatedUnion('type', [
    z.object({ ...base, ...output.shell }),
    z.object({ ...base, ...output.powershell }),
    z.object({ ...base, ...output.file }),
  ])
  .meta({ id: 'Provisioner' });
export const provisionerStored = z.discriminatedUnion('type', [
  z.object({ ...base, ...stored.shell }),
  z.object({ ...base, ...stored.powershell }),
  z.object({ ...base, ...stored.file }),
]);
export type ProvisionerInput = z.infer<typeof provisionerInput>;
export type ProvisionerStored = z.infer<typeof provisionerStored>;
