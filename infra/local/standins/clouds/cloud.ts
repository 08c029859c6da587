/** What the stand-ins of other clouds have in common: they answer requests that a proxy has taken the TLS off. */

export type CloudRequest = {
  method: string;
  /** Name of the server that was asked, without a port: `management.azure.com`. */
  host: string;
  /** Path and query. */
  url: URL;
  headers: Record<string, string | string[] | undefined>;
  body: string;
};

/** A body that is no string is sent as JSON. */
export type CloudAnswer = { status: number; headers?: Record<string, string>; body?: unknown };

/** One call as it was made, for tests of "exactly these calls". */
export type CloudCall = { method: string; host: string; path: string };

/** The machines behind a cloud: real ones, or none at all. */
export type Machines = {
  /**
   * Starts a machine that this key opens, from a captured image or else from the base disk, and answers its address.
   * Repeating it is harmless.
   */
  start: (machine: { name: string; publicKey: string; image?: string }) => Promise<{ address: string }>;
  /** Switches it off; its disk stays. Of one that is off or was never there it is a success. */
  stop: (name: string) => Promise<void>;
  /** Keeps the disk of a stopped machine as an image. */
  capture: (name: string, image: string) => Promise<void>;
};

/** A cloud in memory. */
export type Cloud = {
  /** Which servers it stands in for. */
  serves: (host: string) => boolean;
  handle: (request: CloudRequest) => Promise<CloudAnswer>;
  /** Every call since it began, oldest first. */
  calls: CloudCall[];
};
