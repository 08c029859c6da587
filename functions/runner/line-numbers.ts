/** Numbers of lines by their place among all lines of this runner. */
export type LineNumbers = {
  seqOf: (place: number) => number;
  /** From `place` on, lines are numbered from `seq`: the API expects that number. */
  goOn: (place: number, seq: number) => void;
};

/**
 * Lines are numbered one after the other from `firstSeq`, unless the API says that the log goes on elsewhere
 * (somebody else wrote to it); lines that have arrived keep their numbers.
 */
export const createLineNumbers = (firstSeq: number): LineNumbers => {
  const shifts = [{ from: 0, by: firstSeq }];
  return {
    seqOf: (place) => place + (shifts.findLast(({ from }) => from <= place)?.by ?? firstSeq),
    goOn: (place, seq) => shifts.push({ from: place, by: seq - place }),
  };
};
