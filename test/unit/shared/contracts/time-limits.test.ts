import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { claimAnswerSchema, DEFAULT_SILENCE } from '../../../../shared/contracts/agent-protocol.ts';
import { imageDefinitionInput } from '../../../../shared/contracts/entities/image-definition.ts';
import { silenceLimits } from '../../../../shared/domain/run/silence.ts';
import { compileBundle } from '../../../../shared/packer/compile.ts';
import { definitionBody } from '../../../support/bodies.ts';
import { compileInput } from '../packer/fixtures.ts';

const HOUR = 3600;
const polling = z.looseObject({ delay_seconds: z.number(), max_attempts: z.number() });
const templateSchema = z.looseObject({
  source: z.looseObject({
    'amazon-ebs': z.looseObject({ image: z.looseObject({ aws_polling: polling }) }),
  }),
});
const pointers = (fields: object) =>
  imageDefinitionInput
    .safeParse(definitionBody(undefined, fields))
    .error?.issues.map(({ path }) => path.join('/')) ?? [];

describe('the time limits of a definition', () => {
  it.each([
    ['five minutes', { timeoutSeconds: 300 }],
    ['a day', { timeoutSeconds: 24 * HOUR }],
    ['a silence of five minutes', { timeoutSeconds: 300, silenceTimeoutSeconds: 300 }],
    ['a silence of a day', { timeoutSeconds: 24 * HOUR, silenceTimeoutSeconds: 24 * HOUR }],
    [
      'a silence as long as a run without a limit of its own',
      { timeoutSeconds: undefined, silenceTimeoutSeconds: 4 * HOUR },
    ],
  ])('may be %s (S65)', (_, fields) => {
    expect(pointers(fields)).toEqual([]);
  });

  it.each([
    [{ timeoutSeconds: 299 }, 'timeoutSeconds'],
    [{ timeoutSeconds: 24 * HOUR + 1 }, 'timeoutSeconds'],
    [{ silenceTimeoutSeconds: 299 }, 'silenceTimeoutSeconds'],
    [{ timeoutSeconds: 24 * HOUR, silenceTimeoutSeconds: 24 * HOUR + 1 }, 'silenceTimeoutSeconds'],
    [{ timeoutSeconds: 600, silenceTimeoutSeconds: 601 }, 'silenceTimeoutSeconds'],
    [{ timeoutSeconds: undefined, silenceTimeoutSeconds: 4 * HOUR + 1 }, 'silenceTimeoutSeconds'],
    [{ silenceTimeoutSeconds: 600.5 }, 'silenceTimeoutSeconds'],
  ])('may not be %j', (fields, pointer) => {
    expect(pointers(fields)).toContain(pointer);
  });
});

describe('how long a build may say nothing (N8)', () => {
  it('is longer than the longest silent wait that our own templates allow (S65)', () => {
    const template = compileBundle(compileInput()).files.find(({ path }) => path === 'image.pkr.json');
    const { source } = templateSchema.parse(JSON.parse(template?.content ?? ''));
    const { delay_seconds, max_attempts } = source['amazon-ebs'].image.aws_polling;
    expect(DEFAULT_SILENCE.endAfterSeconds).toBeGreaterThan(delay_seconds * max_attempts);
  });

  it('is six hours, with a warning after a quarter of one: no healthy silence is longer (S65)', () => {
    expect(silenceLimits({})).toEqual({ warnAfterSeconds: 15 * 60, endAfterSeconds: 6 * HOUR });
  });

  it.each([
    [300, 150],
    [1800, 900],
    [24 * HOUR, 900],
  ])('is %i s when its definition says so, with a warning after %i', (silenceTimeoutSeconds, warning) => {
    expect(silenceLimits({ silenceTimeoutSeconds })).toEqual({
      warnAfterSeconds: warning,
      endAfterSeconds: silenceTimeoutSeconds,
    });
  });

  it('is the same for a runner whose API does not say', () => {
    const { silence } = claimAnswerSchema.shape;
    expect(silence.parse(undefined)).toEqual(DEFAULT_SILENCE);
  });
});
