import type { LogLine } from '../../shared/contracts/entities/log.ts';
import { at } from './builders.ts';

/**
 * Lines as a package manager, a download and a checksum print them: they repeat themselves as real ones do, and hold as
 * much that does not. The same call gives the same lines.
 */

const PACKAGES = [
  'libssl3t64',
  'openssh-server',
  'python3-minimal',
  'linux-image-6.8.0-45-generic',
  'ca-certificates',
  'systemd-resolved',
  'git-man',
  'perl-base',
  'libc6-dev',
  'gcc-13-base',
  'nginx-common',
  'postgresql-client-16',
  'docker-ce-cli',
  'containerd.io',
];

/** Numbers below `limit`, the same ones each time (a linear congruential generator, Numerical Recipes). */
export const seededNumbers = (seed: number) => {
  let state = seed >>> 0;
  return (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
};

type Next = (limit: number) => number;

const nameOf = (next: Next): string => PACKAGES[next(PACKAGES.length)] ?? '';
const versionOf = (next: Next): string =>
  `${next(9)}.${next(20)}.${next(30)}-${next(9)}ubuntu${next(9)}.${next(20)}`;
const digestOf = (next: Next): string =>
  Array.from({ length: 8 }, () =>
    next(2 ** 31)
      .toString(16)
      .padStart(8, '0'),
  ).join('');

const kinds: ((next: Next) => string)[] = [
  (next) =>
    `Get:${next(300)} http://eu-central-1.ec2.archive.ubuntu.com/ubuntu noble-updates/main amd64 ${nameOf(next)} amd64 ${versionOf(next)} [${next(9000)} kB]`,
  (next) => `Preparing to unpack .../${next(300)}-${nameOf(next)}_${versionOf(next)}_amd64.deb ...`,
  (next) => `Unpacking ${nameOf(next)} (${versionOf(next)}) over (${versionOf(next)}) ...`,
  (next) => `Setting up ${nameOf(next)} (${versionOf(next)}) ...`,
  (next) => `${digestOf(next)}  /usr/share/doc/${nameOf(next)}/changelog.Debian.gz`,
  (next) =>
    `Processing triggers for ${nameOf(next)} (${versionOf(next)}): ${next(9000)} files looked at in ${next(900)} ms`,
];

/** 150 characters a line on average: 20,000 lines are 3 MB. */
const SHORTEST = 140;

const textOf = (next: Next, kind: number): string => {
  let text = kinds[kind % kinds.length]?.(next) ?? '';
  while (text.length < SHORTEST) text += ` ${nameOf(next)} ${versionOf(next)}`;
  return text;
};

/** So many lines, numbered from `from`, of step 1. */
export const plainLines = (count: number, from = 1): LogLine[] => {
  const next = seededNumbers(from);
  const kind = next(kinds.length);
  return Array.from({ length: count }, (_, place) => ({
    seq: from + place,
    ts: at(from * 0.1 + place * 0.013),
    step: 1,
    stream: 'stdout',
    level: 'info',
    text: textOf(next, kind + next(2)),
  }));
};
