/** The pools in which a deployment carries out runs itself: what distinguishes one from another. */
import { z } from 'zod';
import { idPrefixes } from '../../shared/contracts/common.ts';
import { readAuthorities } from './authorities.ts';

const unique = (values: string[]): boolean => new Set(values).size === values.length;

const listOf = (pattern: RegExp, what: string, most: number) =>
  z
    .array(z.string().regex(pattern, `is no ${what}`))
    .min(1)
    .max(most)
    .refine(unique, `names a ${what} twice`);

/** A network of the deployment's own account, made by somebody else. CodeBuild takes 16 subnets and 5 groups. */
const vpcSchema = z
  .strictObject({
    vpcId: z.string().regex(/^vpc-[0-9a-f]{8,17}$/, 'is no id of a VPC'),
    /** Zones of the subnets. */
    availabilityZones: listOf(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'availability zone', 16),
    /** With a way to the API, to the platforms and to where Packer is downloaded from: a NAT gateway or a proxy. */
    subnetIds: listOf(/^subnet-[0-9a-f]{8,17}$/, 'id of a subnet', 16),
    securityGroupIds: listOf(/^sg-[0-9a-f]{8,17}$/, 'id of a security group', 5),
  })
  .refine(({ availabilityZones, subnetIds }) => availabilityZones.length <= subnetIds.length, {
    path: ['availabilityZones'],
    error: 'names more zones than there are subnets',
  });

/** Everybody who may read the project reads it, and so does every build. */
const proxyUrl = z.url({ protocol: /^https?$/ }).refine((value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url?.username === '' && url.password === '';
}, 'holds a name or password: let the proxy know the subnets instead');

const proxySchema = z
  .strictObject({
    http: proxyUrl.optional(),
    https: proxyUrl.optional(),
    /** Reached without the proxy: names, names below `.domain`, addresses. The runner's own machine always is. */
    noProxy: z
      .array(z.string().regex(/^(\*|\.?[A-Za-z0-9][A-Za-z0-9.:/-]*)$/, 'is no name, domain or address'))
      .max(50)
      .refine(unique, 'names something twice')
      .optional(),
  })
  .refine(({ http, https }) => http !== undefined || https !== undefined, 'names no proxy');

/** `cnr_…` is a connector: what a run is queued in tells by its id what it is. */
const isLikeAnId = (id: string): boolean =>
  Object.values<string>(idPrefixes).includes(id.split('-')[0] ?? '');

const poolSchema = z.strictObject({
  /** What builder configurations name. A pool that goes fails the runs that wait in it. */
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'lower-case letters, digits and hyphens, at most 32')
    .refine((id) => !isLikeAnId(id), "begins like an id of Goldsmith's own"),
  /** Builds at a time. All pools share the account's quota. */
  maxConcurrentRuns: z.int().min(1).max(1000),
  vpc: vpcSchema.optional(),
  proxy: proxySchema.optional(),
  /** Path of a PEM file with the certificates of authorities that builds trust besides the usual ones. Never a key. */
  caCertificate: z
    .string()
    .min(1)
    .superRefine((path, context) => {
      const { problem } = readAuthorities(path);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .optional(),
});
export type PoolSettings = z.infer<typeof poolSchema>;

/**
 * The functions get the pools as one variable, and the variables of a function have 4 KB
 * (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), of which others take less than half.
 */
const MOST_CHARACTERS = 2200;
/** A project's name is known when it is made: the stack's, the construct's, a random end. */
const PROJECT_CHARACTERS = 80;

const isTooMuch = (pools: PoolSettings[]): boolean =>
  pools.reduce((sum, { id, vpc }) => sum + JSON.stringify({ id, vpc }).length + PROJECT_CHARACTERS, 0) >
  MOST_CHARACTERS;

export const runnerPoolsSchema = z
  .array(poolSchema)
  .min(1)
  .refine((pools) => unique(pools.map(({ id }) => id)), 'has two pools of one id')
  .refine(
    (pools) => !isTooMuch(pools),
    'is more than the environment of a function holds: fewer pools or subnets',
  );
