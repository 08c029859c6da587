/** What the stand-in is started with. */
import { z } from 'zod';

/** The variable through which the server process is given its settings as JSON. */
export const SETTINGS_VARIABLE = 'CODEBUILD_STANDIN_SETTINGS';

export const settingsSchema = z.object({
  host: z.string(),
  port: z.number(),
  /** Where the projects and the S3 sources are. */
  emulatorEndpoint: z.string(),
  region: z.string(),
  stateDir: z.string(),
  /** Where builds have their folders: an absolute path of at most 50 characters, see workspaceOf. */
  workDir: z.string(),
  /** Builds that run at one time; those above it stay queued, in order. */
  concurrency: z.number().int().min(1),
  /** Given to every build: endpoints, credentials. */
  environment: z.record(z.string(), z.string()),
  /** Length of a minute of the API in milliseconds. Tests shorten it. */
  minuteMs: z.number().positive(),
});
export type Settings = z.infer<typeof settingsSchema>;

/** A build machine behind a company's proxy must keep knowing it and its certificates. */
const PASSED_ON = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'AWS_CA_BUNDLE',
];

/** The proxy and certificate variables among these, and no others. */
export function networkVariables(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
