import type { Count } from '../actions/engine.ts';
import { METRIC_NAMESPACE, type MetricName } from '../contracts/metrics.ts';

/**
 * One count as a line of CloudWatch's embedded metric format: Lambda's log is read for such lines, so that counting
 * costs no call (CloudWatch user guide, "Specification: Embedded metric format"). `at` in milliseconds since 1970.
 */
export const metricLine = (metric: MetricName, deployment: string, at: number): string =>
  JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [['Deployment']],
          Metrics: [{ Name: metric, Unit: 'Count' }],
        },
      ],
    },
    Deployment: deployment,
    [metric]: 1,
  });

/** Counts in the function's log. The logger's own lines do not serve: its time and level would stand beside the metric. */
export const metricCounter =
  (deployment: string): Count =>
  (metric) =>
    void process.stdout.write(`${metricLine(metric, deployment, Date.now())}\n`);
