import { z } from 'zod';
import { auditEventSchema } from '../../shared/contracts/entities/audit-event.ts';
import type { ImageVersion, Locator } from '../../shared/contracts/entities/image-version.ts';
import { type Share, shareSchema } from '../../shared/contracts/entities/share.ts';
import type { ErrorId } from '../../shared/domain/triage/catalogue.ts';
import { PlatformError } from '../../shared/platforms/platform.ts';
import { newId } from '../../shared/runtime/ids.ts';
import { auditStore } from '../../shared/store/audit-store.ts';
import { recordImageVersion } from '../../shared/store/image-version-store.ts';
import { connectionBody } from './bodies.ts';
import { at, ulid } from './builders.ts';
import { fakeAccount } from './fake-platform.ts';
import { openPlatformsApi } from './platforms-api.ts';

const ami = (region: string, role: 'primary' | 'copy' = 'primary'): Locator => ({
  role,
  region,
  accountId: '123456789012',
  amiId: `ami-${region}`,
  amiName: 'Web-Base-v1',
});

/** A stand-in of the account: who may use what; `next` comes before it does what it is asked for, `after` instead of its answer. */
const account = () => {
  const allowed = new Set<string>();
  const calls: string[] = [];
  const state: { next?: () => Promise<void>; after?: () => Promise<void> } = {};
  const answer =
    (verb: 'share' | 'unshare') =>
    async (locators: Locator[], region: string, { id }: { id: string }) => {
      calls.push(`${verb} ${locators.length} ${region} ${id}`);
      await state.next?.();
      if (verb === 'share') allowed.add(`${region} ${id}`);
      else allowed.delete(`${region} ${id}`);
      await state.after?.();
    };
  const client = fakeAccount({ share: answer('share'), unshare: answer('unshare') });
  return { client, allowed, calls, state };
};

export const refuse = (errorId: ErrorId) => () =>
  Promise.reject(new PlatformError(errorId, `It says ${errorId}.`));
export const body = (id = '210987654321', region = 'eu-west-1') => ({
  region,
  principal: { type: 'account', id },
});

/** A workspace with one image version in two regions. */
export const sharedWorld = async (fields: Partial<ImageVersion> = {}) => {
  const aws = account();
  const api = await openPlatformsApi('none', aws.client);
  const connection = await api.create('/connections', connectionBody());
  const version: ImageVersion = {
    id: newId('image-version'),
    number: 1,
    name: 'Web-Base-v1',
    imageDefinitionId: `def_${ulid('D')}`,
    runId: `run_${ulid('1')}`,
    state: 'available',
    locators: [ami('eu-west-1'), ami('us-east-1', 'copy')],
    connectionId: connection.id,
    toolchain: {},
    createdAt: at(0),
    ...fields,
  };
  await api.core.write(recordImageVersion(api.scope, version));
  const path = `/image-versions/${version.id}/shares`;
  const share = (sent: object = body(), headers: Record<string, string> = {}) =>
    api.ask('POST', path, { body: sent, headers });
  const made = async (sent: object = body()): Promise<Share> => shareSchema.parse((await share(sent)).body);
  const remove = (id: string) => api.ask('DELETE', `${path}/${id}`);
  const list = async (query = '') =>
    z
      .object({ items: z.array(shareSchema.strict()), nextCursor: z.string().optional() })
      .parse((await api.ask('GET', path, { query })).body);
  const states = async () => (await list()).items.map(({ principal, state }) => `${principal.id} ${state}`);
  const events = async () =>
    (await auditStore(api.core, api.scope).list({ before: undefined, limit: 50 }))
      .map((event) => auditEventSchema.parse(event))
      .filter(({ entity }) => entity.kind === 'share');
  return { api, aws, version, connection, share, made, remove, list, states, events, path };
};
