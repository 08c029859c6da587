import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import type { Stage } from '../../../infra/config/stage.ts';
import { goldsmith } from '../../../infra/stacks/goldsmith.ts';

/** The app of a stage without its programs: nothing is bundled, so no handler has to be there. */
export function synthesise(stage: Stage) {
  const root = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  const stacks = goldsmith(root, stage);
  return { root, state: Template.fromStack(stacks.state), app: Template.fromStack(stacks.app) };
}

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
});
const templateSchema = z.object({
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z.record(z.string(), z.unknown()).default({}),
});
export type Resource = z.infer<typeof resourceSchema> & { id: string };

export const resourcesOf = (template: Template, type?: string): Resource[] =>
  Object.entries(templateSchema.parse(template.toJSON()).Resources)
    .map(([id, resource]) => ({ id, ...resource }))
    .filter((resource) => type === undefined || resource.Type === type);

/** The only resource of a type, or the one of them whose id begins so. */
export function resourceOf(template: Template, type: string, idStart = ''): Resource {
  const [only, ...others] = resourcesOf(template, type).filter(({ id }) => id.startsWith(idStart));
  if (only === undefined) throw new Error(`no ${type} ${idStart}`);
  if (others.length > 0) throw new Error(`more than one ${type} ${idStart}`);
  return only;
}

export const outputNamesOf = (template: Template): string[] =>
  Object.keys(templateSchema.parse(template.toJSON()).Outputs);

const joinSchema = z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) });
const attributeSchema = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });
const referenceSchema = z.object({ Ref: z.string() });
const substitutionSchema = z.object({ 'Fn::Sub': z.string() });
const importSchema = z.object({ 'Fn::ImportValue': z.string() });

/** A value of a template as text: `{Id.Arn}`, `{Id}` and `{stack:Export}` for what is known at deployment only. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const join = joinSchema.safeParse(value);
  if (join.success) return join.data['Fn::Join'][1].map(textOf).join(join.data['Fn::Join'][0]);
  const attribute = attributeSchema.safeParse(value);
  if (attribute.success) return `{${attribute.data['Fn::GetAtt'].join('.')}}`;
  const reference = referenceSchema.safeParse(value);
  if (reference.success) return `{${reference.data.Ref}}`;
  const imported = importSchema.safeParse(value);
  if (imported.success) return `{${imported.data['Fn::ImportValue']}}`;
  const substitution = substitutionSchema.safeParse(value);
  if (substitution.success) return substitution.data['Fn::Sub'].replaceAll('${', '{');
  throw new Error(`not a value: ${JSON.stringify(value)}`);
}

const oneOrMore = <T extends z.ZodType>(item: T) =>
  z.union([item, z.array(item)]).transform((value): unknown[] => (Array.isArray(value) ? value : [value]));

const statementSchema = z.object({
  Effect: z.literal('Allow'),
  Action: oneOrMore(z.string()).pipe(z.array(z.string())),
  Resource: oneOrMore(z.unknown()).transform((values) => values.map(textOf)),
  Condition: z.unknown().optional(),
});
export type Statement = z.infer<typeof statementSchema>;

const documentSchema = z
  .object({ Statement: z.array(statementSchema) })
  .transform((document) => document.Statement);
const roleSchema = z.object({
  Policies: z.array(z.object({ PolicyDocument: documentSchema })).default([]),
  ManagedPolicyArns: z.array(z.unknown()).default([]),
});
const policySchema = z.object({ PolicyDocument: documentSchema, Roles: z.array(z.unknown()) });

/** Everything that a role allows: its own policies and those attached to it. */
export function statementsOf(template: Template, roleId: string): Statement[] {
  const role = resourcesOf(template, 'AWS::IAM::Role').find(({ id }) => id === roleId);
  const { Policies, ManagedPolicyArns } = roleSchema.parse(role?.Properties);
  if (ManagedPolicyArns.length > 0) throw new Error(`${roleId} has managed policies`);
  const attached = resourcesOf(template, 'AWS::IAM::Policy')
    .map(({ Properties }) => policySchema.parse(Properties))
    .filter(({ Roles }) => Roles.map(textOf).includes(`{${roleId}}`));
  return [...Policies, ...attached].flatMap(({ PolicyDocument }) => PolicyDocument);
}

const functionSchema = z.object({
  Description: z.string(),
  Role: attributeSchema,
  Timeout: z.number(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).default({ Variables: {} }),
});

/** The functions of the app by their names, with all that they may do. */
export function functionsOf(template: Template) {
  return new Map(
    resourcesOf(template, 'AWS::Lambda::Function').map((resource) => {
      const { Description, Role, Timeout, Environment } = functionSchema.parse(resource.Properties);
      const statements = statementsOf(template, Role['Fn::GetAtt'][0]);
      const properties = resource.Properties;
      return [
        Description,
        { id: resource.id, properties, timeout: Timeout, variables: Environment.Variables, statements },
      ];
    }),
  );
}
