/** Reads a buildspec (version 0.2, YAML or JSON) into what the stand-in executes. */
import { parse } from 'yaml';
import { z } from 'zod';

/** The four phases that a buildspec can fill, in their order. */
const COMMAND_PHASES = ['install', 'pre_build', 'build', 'post_build'] as const;
export type CommandPhase = (typeof COMMAND_PHASES)[number];

export interface PhaseCommands {
  commands: string[];
  /** Run after the commands, whether these failed or not. */
  finally: string[];
  /** Absent: the transitions of the phase itself decide. */
  onFailure?: 'ABORT' | 'CONTINUE' | undefined;
}

export interface Buildspec {
  shell: 'sh' | 'bash';
  variables: Record<string, string>;
  phases: Partial<Record<CommandPhase, PhaseCommands>>;
}

/** A buildspec that AWS would refuse too, or that asks for what the stand-in does not do. */
class BuildspecError extends Error {
  override readonly name = 'BuildspecError';
}

// YAML reads an unquoted 8080 as a number and true as a boolean; CodeBuild takes them as text.
const textSchema = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const commandsSchema = z.union([textSchema.transform((one) => [one]), z.array(textSchema)]);

const phaseSchema = z
  .object({
    commands: commandsSchema.default([]),
    finally: commandsSchema.default([]),
    'on-failure': z.enum(['ABORT', 'CONTINUE']).optional(),
  })
  .transform((phase) => ({
    commands: phase.commands,
    finally: phase.finally,
    onFailure: phase['on-failure'],
  }));

const buildspecSchema = z.object({
  version: textSchema.pipe(z.literal('0.2', { error: 'only version 0.2 is served' })),
  env: z
    .object({
      shell: z.enum(['bash', '/bin/sh', 'sh']).default('sh'),
      variables: z.record(z.string(), textSchema).default({}),
      'parameter-store': z.never({ error: 'is not served' }).optional(),
      'secrets-manager': z.never({ error: 'is not served' }).optional(),
    })
    .prefault({}),
  phases: z.partialRecord(z.enum(COMMAND_PHASES), phaseSchema),
});

/**
 * Parses a buildspec; JSON is read as the YAML that it is.
 * @throws BuildspecError naming what is wrong.
 */
export function parseBuildspec(text: string): Buildspec {
  const parsed = buildspecSchema.safeParse(parseYaml(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BuildspecError(`buildspec: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  const { env, phases } = parsed.data;
  return { shell: env.shell === 'bash' ? 'bash' : 'sh', variables: env.variables, phases };
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new BuildspecError(`buildspec is no YAML: ${String(error)}`, { cause: error });
  }
}
