import type { IdentityToken } from '../contracts/agent-protocol.ts';
import type { MetricName } from '../contracts/metrics.ts';
import type { ServerMessage } from '../contracts/socket.ts';
import type { RunSnapshot } from '../contracts/snapshot.ts';
import type { PlatformClient, RunIdentity } from '../platforms/platform.ts';
import type { RunFiles } from '../store/run-files.ts';
import type { SecretBox } from '../store/secret-box.ts';
import type { Table } from '../store/table.ts';

/** Sends one message to one connection; `gone` when there is no such connection any more. */
export type SendToSocket = (connectionId: string, message: ServerMessage) => Promise<'sent' | 'gone'>;

/** Counts something once, for who operates the deployment; what carries it is up to the function. */
export type Count = (metric: MetricName) => void;

/** What an action on runs works with; each names the parts it needs. */
export type Engine = {
  core: Table;
  traffic: Table;
  files: RunFiles;
  secrets: SecretBox;
  send: SendToSocket;
  deploymentId: string;
  /** A token that says who this deployment is, for an audience; undefined where it has no identity. */
  identityToken?: ((audience: string) => Promise<IdentityToken>) | undefined;
  /** The way to the account that a run builds in; the platform's own client where nothing else is given. */
  connect?: (run: RunIdentity, snapshot: RunSnapshot) => Promise<PlatformClient | undefined>;
  now: () => string;
};
