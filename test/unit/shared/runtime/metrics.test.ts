import { afterEach, expect, test, vi } from 'vitest';
import { metricCounter, metricLine } from '../../../../shared/runtime/metrics.ts';

afterEach(() => vi.restoreAllMocks());

test('a count is a line of the embedded metric format: each dimension and metric it names is a field of it (N4)', () => {
  const line: unknown = JSON.parse(metricLine('UnclassifiedFailures', 'dev-1', 1795377274000));
  expect(line).toEqual({
    _aws: {
      Timestamp: 1795377274000,
      CloudWatchMetrics: [
        {
          Namespace: 'Goldsmith',
          Dimensions: [['Deployment']],
          Metrics: [{ Name: 'UnclassifiedFailures', Unit: 'Count' }],
        },
      ],
    },
    Deployment: 'dev-1',
    UnclassifiedFailures: 1,
  });
});

test("counting writes one line to the function's log and nothing else", () => {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  metricCounter('dev-1')('UnclassifiedFailures');
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(/^\{"_aws":.*"UnclassifiedFailures":1\}\n$/);
});
