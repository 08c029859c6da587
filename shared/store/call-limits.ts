/**
 * How long a call to a service of our own account may take before it is given up and made again. The SDK waits for ever,
 * and a call that hangs would take the whole time of a function with it. All writes can be repeated: they carry tokens
 * or conditions (docs/faults.md, F9, F14, F48).
 */

const limits = (connectionTimeout: number, requestTimeout: number) => ({
  requestHandler: { connectionTimeout, requestTimeout, throwOnRequestTimeout: true },
});

/**
 * For services that answer in milliseconds. Milliseconds; three tries (the SDK's number) with their pauses end before
 * the 25 s of a function that answers a request.
 */
export const callLimits = limits(2000, 6000);

/** For S3: the time until its answer begins, which it takes to copy or to put parts together. */
export const fileCallLimits = limits(2000, 12_000);

/** For messages to sockets, which a runner waits for: hints that are better lost than late. */
export const pushLimits = { ...limits(1000, 2000), maxAttempts: 2 };
