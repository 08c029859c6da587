import { setTimeout as pause } from 'node:timers/promises';
import type { Count, Engine } from '../actions/engine.ts';
import { runFiles } from '../store/run-files.ts';
import { secretBox } from '../store/secret-box.ts';
import { openTable } from '../store/table.ts';
import { identityTokens } from './identity-tokens.ts';
import { newId, now } from './ids.ts';
import { metricCounter } from './metrics.ts';
import { socketSender } from './socket-sender.ts';

type Settings = {
  CORE_TABLE: string;
  TRAFFIC_TABLE: string;
  RUNS_BUCKET: string;
  SECRETS_KEY_ARN: string;
  SOCKET_CALLBACK_URL: string;
  DEPLOYMENT_ID: string;
  IDENTITY_ROLE_ARN: string;
};

/** Everything that a task of the run engine works with, from its environment. */
export const openEngine = (
  settings: Settings,
): Engine & { newId: typeof newId; pause: typeof pause; count: Count } => ({
  core: openTable(settings.CORE_TABLE),
  traffic: openTable(settings.TRAFFIC_TABLE),
  files: runFiles(settings.RUNS_BUCKET),
  secrets: secretBox(settings.SECRETS_KEY_ARN),
  send: socketSender(settings.SOCKET_CALLBACK_URL),
  deploymentId: settings.DEPLOYMENT_ID,
  identityToken: identityTokens(settings.IDENTITY_ROLE_ARN),
  now,
  newId,
  pause,
  count: metricCounter(settings.DEPLOYMENT_ID),
});
