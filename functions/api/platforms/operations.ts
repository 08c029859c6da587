import { platformRoutes as routes } from '../../../shared/contracts/routes/platforms.ts';
import { operation } from '../../../shared/runtime/api/operation.ts';
import { createShare } from './create-share.ts';
import { deleteShare } from './delete-share.ts';
import { type LatestReader, readLatestImageVersion } from './latest-image-version.ts';
import { listShares } from './list-shares.ts';
import { type Checker, preflight } from './preflight.ts';
import { readRunTemplate, readTemplate, type TemplateReader } from './read-template.ts';
import type { Sharer } from './share-target.ts';
import { verifyConnection } from './verify-connection.ts';
import { type AccessGiver, giveVmAccess } from './vm-access.ts';

export type PlatformParts = Checker & TemplateReader & Sharer & AccessGiver & LatestReader;

/** What looks at customers' platforms, by operation. */
export const platformOperations = (parts: PlatformParts) => ({
  verifyConnection: operation(routes.verifyConnection, (call) => verifyConnection(parts, call)),
  preflight: operation(routes.preflight, (call) => preflight(parts, call)),
  readTemplate: operation(routes.readTemplate, (call) => readTemplate(parts, call)),
  readRunTemplate: operation(routes.readRunTemplate, (call) => readRunTemplate(parts, call)),
  readLatestImageVersion: operation(routes.readLatestImageVersion, (call) =>
    readLatestImageVersion(parts, call),
  ),
  giveVmAccess: operation(routes.giveVmAccess, (call) => giveVmAccess(parts, call)),
  createShare: operation(routes.createShare, (call) => createShare(parts, call)),
  listShares: operation(routes.listShares, (call) => listShares(parts.core, call)),
  deleteShare: operation(routes.deleteShare, (call) => deleteShare(parts, call)),
});
