import { App, CfnResource, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { goldsmith } from '../../infra/stacks/goldsmith.ts';
import { awsStage } from './support/example-stage.ts';

const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
goldsmith(app, awsStage());
const { violations } = new AwsSolutionsChecks(app).validateScope(app);
const constructs = new Map(app.node.findAll().map((construct) => [construct.node.path, construct]));

/** Findings that no rule is acknowledged for by its plain name. */
const findings = violations.flatMap(({ ruleName, violatingResources }) =>
  (violatingResources ?? []).map(({ constructPath }) => ({ ruleName, constructPath: String(constructPath) })),
);

const acknowledgedSchema = z.record(z.string(), z.unknown());

/** What is acknowledged at a construct or above it, below its stack. */
function acknowledgedAt(path: string): string[] {
  const scopes: IConstruct[] = constructs.get(path)?.node.scopes ?? [];
  return scopes
    .flatMap((scope) => scope.node.metadata)
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.keys(acknowledgedSchema.parse(data)))
    .map((id) => id.replace(/^annotation::/i, ''));
}

/** `<>` stands for a name that is only known when everything is put together. */
const withoutNames = (finding: string) => finding.replaceAll(/<[^>]*>/g, '<>');

test('every finding of the AWS Solutions rules is acknowledged where it is, with a reason', () => {
  const unexplained = findings.filter(
    ({ ruleName, constructPath }) => !acknowledgedAt(constructPath).includes(withoutNames(ruleName)),
  );
  expect(unexplained).toEqual([]);
});

test('only wide permissions are acknowledged by pattern', () => {
  const rules = findings.map(({ ruleName }) => ruleName.replace(/\[.*/, ''));
  expect(new Set(rules)).toEqual(new Set(['AwsSolutions-IAM5']));
});

test('the rules looked at the whole app', () => {
  const resources = [...constructs.values()].filter((construct) => construct instanceof CfnResource);
  expect(resources.length).toBeGreaterThan(120);
  expect(findings.length).toBeGreaterThan(20);
});

test('nothing is acknowledged for a whole stack', () => {
  const stacks = [app, ...app.node.children];
  const keys = stacks.flatMap((stack) => stack.node.metadata.map(({ type }) => type));
  expect(keys).not.toContain(Validations.ACKNOWLEDGED_RULES_METADATA_KEY);
});
