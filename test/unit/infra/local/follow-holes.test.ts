import { expect, test } from 'vitest';
import { holesOf } from '../../../../infra/local/follow/holes.ts';
import type { ServerMessage } from '../../../../shared/contracts/socket.ts';
import { logLines } from '../../../support/builders.ts';

const runId = 'run_01JD0000000000000000000001';
const log = (fromSeq: number, toSeq: number): ServerMessage => ({
  type: 'log',
  runId,
  fromSeq,
  toSeq,
  lines: logLines(fromSeq, toSeq),
});

test('what is missing before a message is asked for once, until it came (F31, F33)', () => {
  const place = { lastSeq: 0 };
  const isHole = holesOf(place);
  const end: ServerMessage = { type: 'log-end', runId, lastSeq: 10, status: 'Failed' };
  expect(isHole(log(1, 3))).toBe('none');
  place.lastSeq = 3;
  expect([isHole(log(6, 6)), isHole(log(8, 8)), isHole(end)]).toEqual(['new', 'known', 'known']);
  expect(isHole({ type: 'pong' })).toBe('none');
  // The answer begins where the hole does.
  expect(isHole(log(4, 8))).toBe('none');
  place.lastSeq = 8;
  expect(isHole(end)).toBe('new');
  place.lastSeq = 10;
  expect([isHole(log(7, 9)), isHole(end)]).toEqual(['none', 'none']);
});
