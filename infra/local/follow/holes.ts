import type { ServerMessage } from '../../../shared/contracts/socket.ts';

/** The last line that was told. */
export type Place = { lastSeq: number };

/**
 * Tells whether lines are missing before a message: in a flood not all are pushed. They are asked for once; what comes
 * behind them is left, as the answer has it too.
 */
export const holesOf = (place: Place) => {
  let asked = false;
  return (message: ServerMessage): 'none' | 'new' | 'known' => {
    if (message.type !== 'log' && message.type !== 'log-end') return 'none';
    const isMissing = (message.type === 'log' ? message.fromSeq - 1 : message.lastSeq) > place.lastSeq;
    const hole = isMissing ? (asked ? 'known' : 'new') : 'none';
    asked = isMissing;
    return hole;
  };
};
