/** Where the counts of a deployment are in CloudWatch, by the dimension `Deployment`. */
export const METRIC_NAMESPACE = 'Goldsmith';

/** Runs that failed for a cause that nobody knows; builds that CodeBuild took not, as it had as many as it takes. */
export type MetricName = 'UnclassifiedFailures' | 'BuildsRefused';
