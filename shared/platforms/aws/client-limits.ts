/**
 * How long a call to the customer's account may take before it is given up and made again, in milliseconds: the SDK
 * waits for ever. Far above what EC2 needs for its largest answers; three tries end within the five minutes of the
 * functions that talk to clouds.
 */
export const clientLimits = {
  requestHandler: { connectionTimeout: 3000, requestTimeout: 20_000, throwOnRequestTimeout: true },
};
