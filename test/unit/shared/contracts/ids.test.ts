import { expect, test } from 'vitest';
import { idPrefixes, kindOfId } from '../../../../shared/contracts/common.ts';
import { ulid } from '../../../support/builders.ts';

test.each(Object.entries(idPrefixes))('an id of a %s says so', (kind, prefix) => {
  expect(kindOfId(`${prefix}_${ulid('1')}`)).toBe(kind);
});

test.each(['', 'cnr', 'cnr1', 'cnr-1', 'cloud', 'user-1', '_cnr', 'Cnr_1', 'x_cnr_1'])(
  'what is no id of ours is of no kind: %j',
  (text) => {
    expect(kindOfId(text)).toBeUndefined();
  },
);
