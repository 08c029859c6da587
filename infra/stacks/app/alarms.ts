import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { METRIC_NAMESPACE, type MetricName } from '../../../shared/contracts/metrics.ts';
import type { Parts } from './parts.ts';

const BUILDS_REFUSED: MetricName = 'BuildsRefused';

/** Pools that are larger than what CodeBuild takes of this account: runs wait longer than they must, and nothing fails. */
export function refusedBuildsAlarm(scope: Construct, { environment }: Pick<Parts, 'environment'>): void {
  new Metric({
    namespace: METRIC_NAMESPACE,
    metricName: BUILDS_REFUSED,
    dimensionsMap: { Deployment: environment.deployment.DEPLOYMENT_ID },
    statistic: 'Sum',
    period: Duration.minutes(15),
  }).createAlarm(scope, 'BuildsRefused', {
    alarmDescription:
      'CodeBuild took no more builds: docs/deploying.md, "When CodeBuild has no room for more builds"',
    threshold: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
