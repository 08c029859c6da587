import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { poolsOf, stageSchema } from '../../infra/config/stage.ts';
import { goldsmith } from '../../infra/stacks/goldsmith.ts';
import { runnerPoolSchema } from '../../shared/contracts/entities/runner-pool.ts';
import { runnerPools } from '../../shared/contracts/env/runner-pools.ts';
import { listRunnerPools } from '../../functions/api/access/runner-pools.ts';
import { authorityPem, leafPem } from './support/certificates.ts';
import { awsStage, exampleNetwork as vpc, exampleProxy as proxy } from './support/example-stage.ts';
import { functionsOf, resourcesOf, statementsOf, synthesise, textOf } from './support/templates.ts';

const folder = mkdtempSync(join(tmpdir(), 'goldsmith-authorities-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fileOf = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const caCertificate = fileOf('ca.pem', `Our own authority\n${authorityPem}`);

const cloud = { id: 'cloud', maxConcurrentRuns: 2 };
const inside = { id: 'inside', maxConcurrentRuns: 5, vpc, proxy, caCertificate };
const stage = awsStage({ runnerPools: [cloud, inside] });
const { app } = synthesise(stage);

const projectSchema = z.object({
  ServiceRole: z.unknown(),
  Source: z.object({ BuildSpec: z.string() }),
  Environment: z.object({
    EnvironmentVariables: z.array(z.object({ Name: z.string(), Value: z.unknown() })),
  }),
  VpcConfig: z.unknown().optional(),
});
const projects = resourcesOf(app, 'AWS::CodeBuild::Project').map(({ id, Properties }) => ({
  id,
  ...projectSchema.parse(Properties),
}));
const projectOf = (start: RegExp) => projects.find(({ id }) => start.test(id));
const variablesOf = (start: RegExp) =>
  Object.fromEntries(
    (projectOf(start)?.Environment.EnvironmentVariables ?? []).map(({ Name, Value }) => [
      Name,
      textOf(Value),
    ]),
  );
const insideId = /^BuildProjectinsideProject[0-9A-F]{8}$/;
const cloudId = /^BuildProject[0-9A-F]{8}$/;

describe('pools of a deployment', () => {
  test('have a project each; that of the pool cloud keeps its name when others are added', () => {
    expect(projects).toHaveLength(2);
    const [alone] = resourcesOf(synthesise(awsStage()).app, 'AWS::CodeBuild::Project');
    expect(projectOf(cloudId)?.id).toBe(alone?.id);
    expect(projectOf(insideId)).toBeDefined();
  });

  test('stand in their networks, and nowhere else', () => {
    expect(projectOf(cloudId)?.VpcConfig).toBeUndefined();
    expect(projectOf(insideId)?.VpcConfig).toEqual({
      VpcId: vpc.vpcId,
      Subnets: vpc.subnetIds,
      SecurityGroupIds: vpc.securityGroupIds,
    });
    expect(resourcesOf(app, 'AWS::EC2::SecurityGroup')).toEqual([]);
  });

  test('in a VPC may have a network interface in their subnets, and only there', () => {
    const roleOf = (start: RegExp) => textOf(projectOf(start)?.ServiceRole).slice(1, -'.Arn}'.length);
    const ec2 = (start: RegExp) =>
      statementsOf(app, roleOf(start)).filter(({ Action }) => Action.some((one) => one.startsWith('ec2:')));
    expect(ec2(cloudId)).toEqual([]);
    const [lend, make, ...others] = ec2(insideId);
    expect(others).toEqual([]);
    expect(lend?.Action).toEqual(['ec2:CreateNetworkInterfacePermission']);
    expect(lend?.Resource).toEqual([
      'arn:{AWS::Partition}:ec2:{AWS::Region}:{AWS::AccountId}:network-interface/*',
    ]);
    const condition = z.object({
      StringEquals: z.object({
        'ec2:Subnet': z.array(z.unknown().transform(textOf)),
        'ec2:AuthorizedService': z.literal('codebuild.amazonaws.com'),
      }),
    });
    expect(condition.parse(lend?.Condition).StringEquals['ec2:Subnet']).toEqual(
      vpc.subnetIds.map((id) => `arn:{AWS::Partition}:ec2:{AWS::Region}:{AWS::AccountId}:subnet/${id}`),
    );
    expect(make?.Action.toSorted()).toEqual([
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeDhcpOptions',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
    ]);
  });

  test('behind a proxy ask it for all but their own machine and what is left out', () => {
    const direct = 'localhost,127.0.0.1,::1,169.254.169.254,169.254.170.2,.example,10.0.0.0/8';
    const { GOLDSMITH_API_URL: _api, PACKER_PLUGIN_PATH: _plugins, ...ways } = variablesOf(insideId);
    expect(ways).toEqual({
      HTTPS_PROXY: proxy.https,
      https_proxy: proxy.https,
      NO_PROXY: direct,
      no_proxy: direct,
      NODE_USE_ENV_PROXY: '1',
    });
    expect(Object.keys(variablesOf(cloudId))).toEqual(['GOLDSMITH_API_URL', 'PACKER_PLUGIN_PATH']);
    const [spec, usual] = [insideId, cloudId].map((id) => projectOf(id)?.Source.BuildSpec ?? '');
    expect(JSON.parse(spec ?? '')).toMatchObject({
      proxy: { 'upload-artifacts': 'no', logs: 'yes' },
      phases: { build: { commands: ['node --use-env-proxy runner.mjs'] } },
    });
    expect(usual).not.toContain('proxy');
  });

  test('with an authority trust it before they download anything', () => {
    const spec = z.object({ phases: z.object({ install: z.object({ commands: z.array(z.string()) }) }) });
    const { commands } = spec.parse(JSON.parse(projectOf(insideId)?.Source.BuildSpec ?? '')).phases.install;
    const exported = commands.findIndex((one) =>
      /^export NODE_EXTRA_CA_CERTS=.*own\.pem SSL_CERT_FILE=/.test(one),
    );
    expect(exported).toBeGreaterThan(0);
    expect(exported).toBeLessThan(commands.findIndex((one) => one.startsWith('curl ')));
    expect(commands.join('\n')).toContain(authorityPem.trim().split('\n')[1]);
    expect(commands.join('\n')).not.toContain('Our own authority');
    expect(projectOf(cloudId)?.Source.BuildSpec).not.toContain('CERT');
  });

  test('are known to the functions with their networks, and to clients without their projects', async () => {
    const { RUNNER_POOLS } = functionsOf(app).get('events/dispatch-runs')?.variables ?? {};
    const { availabilityZones: _, ...network } = vpc;
    const known = runnerPools.RUNNER_POOLS.parse(textOf(RUNNER_POOLS));
    expect(known.map(({ project: _project, ...pool }) => pool)).toEqual([
      cloud,
      { id: 'inside', maxConcurrentRuns: 5, vpc: network },
    ]);
    const [ofCloud, ofInside] = known.map(({ project }) => project.slice(1, -1));
    expect(ofCloud).toMatch(cloudId);
    expect(ofInside).toMatch(insideId);
    const { body } = await listRunnerPools(known);
    const shown = z.object({ items: z.array(runnerPoolSchema.strict()) }).parse(body);
    expect(shown.items.map(({ id }) => id)).toEqual(['cloud', 'inside']);
    expect(JSON.stringify(body)).not.toMatch(/project|proxy/i);
  });

  test('are all that functions may start, watch and stop builds in', () => {
    const builds = (name: string) =>
      (functionsOf(app).get(name)?.statements ?? []).filter(({ Action }) =>
        Action.some((one) => one.startsWith('codebuild:')),
      );
    for (const name of ['workflow/start-build', 'jobs/reconcile', 'workflow/finish'])
      for (const { Resource } of builds(name)) expect(Resource).toHaveLength(2);
    expect(builds('jobs/reconcile').length).toBeGreaterThan(0);
  });

  test('open nothing that no rule knows the reason of', () => {
    const root = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
    goldsmith(root, stage);
    const { violations } = new AwsSolutionsChecks(root).validateScope(root);
    const wide = violations.flatMap(({ ruleName, violatingResources }) =>
      (violatingResources ?? []).map(({ constructPath }) => `${ruleName} ${String(constructPath)}`),
    );
    const ofProjects = wide.filter((one) => one.includes('BuildProject'));
    expect(ofProjects.map((one) => one.replace(/^([^[]*).*\/(BuildProject[^/]*)\/.*$/, '$1 $2'))).toEqual([
      'AwsSolutions-IAM5 BuildProject-inside',
      'AwsSolutions-IAM5 BuildProject-inside',
    ]);
  });
});

describe('a stage', () => {
  const problems = (changes: object): string[] => {
    const parsed = stageSchema.safeParse({ ...awsStage(), ...changes });
    return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
  };
  const withPool = (changes: object) => problems({ runnerPools: [{ ...cloud, ...changes }] });

  test('without pools has the pool cloud, for one run at a time or as many as it says', () => {
    expect(poolsOf(awsStage())).toEqual([{ id: 'cloud', maxConcurrentRuns: 1 }]);
    expect(poolsOf(awsStage({ poolLimit: 7 }))).toEqual([{ id: 'cloud', maxConcurrentRuns: 7 }]);
    expect(poolsOf(stage).map(({ id }) => id)).toEqual(['cloud', 'inside']);
  });

  test('says the limit of its pools in one place', () => {
    expect(problems({ poolLimit: 2, runnerPools: [cloud] })).toEqual([
      'poolLimit: is of a stage without runnerPools: those say their own maxConcurrentRuns',
    ]);
  });

  test('has at least one pool, and no two of one id', () => {
    expect(problems({ runnerPools: [] })).toHaveLength(1);
    expect(problems({ runnerPools: [cloud, { ...inside, id: 'cloud' }] })).toEqual([
      'runnerPools: has two pools of one id',
    ]);
  });

  test.each(['cnr', 'cnr-1', 'ws-1', 'run'])('has no pool %s, which reads like an id of ours', (id) => {
    expect(withPool({ id })).toEqual(["runnerPools.0.id: begins like an id of Goldsmith's own"]);
  });

  test.each(['', 'Cloud', 'a_b', '1st', 'x'.repeat(33), `cnr_${'0'.repeat(26)}`])('has no pool %j', (id) => {
    expect(withPool({ id })).not.toEqual([]);
  });

  test.each([
    ['no subnet', { vpc: { ...vpc, subnetIds: [] } }],
    ['a subnet twice', { vpc: { ...vpc, subnetIds: [vpc.subnetIds[0], vpc.subnetIds[0]] } }],
    ['more zones than subnets', { vpc: { ...vpc, subnetIds: vpc.subnetIds.slice(1) } }],
    ['no security group', { vpc: { ...vpc, securityGroupIds: [] } }],
    [
      'six security groups',
      { vpc: { ...vpc, securityGroupIds: [1, 2, 3, 4, 5, 6].map((n) => `sg-0123456${n}`) } },
    ],
    ['what is no VPC', { vpc: { ...vpc, vpcId: 'my network' } }],
    ['a proxy that is none', { proxy: { noProxy: ['.example'] } }],
    ['a proxy of another kind', { proxy: { https: 'socks5://proxy.example' } }],
    ['a password of a proxy', { proxy: { https: 'http://me:secret@proxy.example' } }],
    ['a list within an entry', { proxy: { ...proxy, noProxy: ['a,b'] } }],
    ['no run at a time', { maxConcurrentRuns: 0 }],
    ['a setting that there is none of', { size: 'large' }],
    ['a file that is not there', { caCertificate: join(folder, 'none.pem') }],
    ['a file of something else', { caCertificate: fileOf('else.pem', 'hello') }],
    [
      'a certificate that is none',
      { caCertificate: fileOf('bad.pem', authorityPem.replace(/[A-Z]{6}/, 'AAAAAA')) },
    ],
    ['a private key', { caCertificate: fileOf('key.pem', `${authorityPem}\n-----BEGIN PRIVATE KEY-----`) }],
    ["a server's certificate", { caCertificate: fileOf('leaf.pem', leafPem) }],
  ])('has no pool with %s', (_what, changes) => {
    const found = withPool(changes);
    expect(found).not.toEqual([]);
    expect(found.join()).not.toContain('secret@');
  });

  test('has no more pools than the environment of a function can tell', () => {
    const many = Array.from({ length: 12 }, (_, n) => ({ ...inside, id: `pool-${n}` }));
    expect(problems({ runnerPools: many })).toEqual([
      'runnerPools: is more than the environment of a function holds: fewer pools or subnets',
    ]);
    expect(problems({ runnerPools: many.slice(0, 6) })).toEqual([]);
  });
});
