import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { sysprepScriptListSchema } from '../../../../shared/contracts/entities/sysprep-script.ts';
import type { Platform } from '../../../../shared/platforms/platform.ts';
import { platforms } from '../../../../shared/platforms/registry.ts';
import { onPremisesSysprep } from '../../../../shared/samples/scripts/on-premises-sysprep.ts';
import { handler } from '../../../../functions/api/public/handler.ts';
import { callApi, callContext, httpEvent } from '../../../support/call-api.ts';

const read = async (path: string) => callApi(handler, { method: 'GET', path });
const textOf = async (id: string) => (await read(`/v1/sysprep-scripts/${id}`)).body;

describe('the published sysprep scripts (S89, S93)', () => {
  let items: ReturnType<typeof sysprepScriptListSchema.parse>['items'];
  beforeAll(async () => {
    items = sysprepScriptListSchema.parse((await read('/v1/sysprep-scripts')).body).items;
  });

  it('are one of each cloud, and the example for the rest', () => {
    expect(items.map(({ id, platforms: of, addedByItself }) => [id, of, addedByItself])).toEqual([
      ['aws', ['aws'], true],
      ['azure', ['azure'], true],
      ['gcp', ['gcp'], true],
      ['on-premises', ['vsphere', 'proxmox', 'hyperv', 'nutanix', 'qemu'], false],
    ]);
  });

  it('are read at their addresses as plain text with the checksum that the list names', async () => {
    for (const { url, sha256, sizeBytes } of items) {
      const { status, headers, body } = await read(url);
      const text = String(body);
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'public, max-age=300',
        etag: `"${sha256}"`,
      });
      expect(createHash('sha256').update(text).digest('hex')).toBe(sha256);
      expect(Buffer.byteLength(text)).toBe(sizeBytes);
    }
  });

  it('are the very texts of the platforms, and the very example of the samples', async () => {
    const withOne = Object.values<Platform>(platforms).filter(({ generalise }) => generalise !== undefined);
    for (const { id, generalise } of withOne) expect(await textOf(id)).toBe(generalise?.script);
    expect(withOne).not.toEqual([]);
    expect(await textOf('on-premises')).toBe(onPremisesSysprep);
  });

  it('are answered to HEAD as to GET, without the text (RFC 9110, 9.3.2)', async () => {
    const path = '/v1/sysprep-scripts/aws';
    const [asked, got] = [await callApi(handler, { method: 'HEAD', path }), await read(path)];
    expect(asked).toEqual({ ...got, body: '' });
    const none = await handler(httpEvent({ method: 'HEAD', path: `${path}x` }), callContext);
    expect(none).toMatchObject({ statusCode: 404, body: '' });
    expect(await callApi(handler, { method: 'DELETE', path })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
  });

  it('are not sent to whoever has them (RFC 9110, 13.1.2)', async () => {
    const path = '/v1/sysprep-scripts/aws';
    const etag = (await read(path)).headers['etag'] ?? '';
    const asked = async (known: string) =>
      callApi(handler, { method: 'GET', path, headers: { 'If-None-Match': known } });
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*'])
      expect(await asked(known)).toEqual({
        status: 304,
        headers: { etag, 'cache-control': 'public, max-age=300' },
        body: '',
      });
    for (const known of ['"other"', etag.slice(1, -1), ''])
      expect(await asked(known)).toMatchObject({ status: 200, body: platforms.aws.generalise?.script });
  });

  it.each(['windows', 'AWS', 'toString', '__proto__', '..%2Faws', 'qemu'])(
    'know none called %s',
    async (id) => {
      const { status, headers, body } = await read(`/v1/sysprep-scripts/${id}`);
      expect(status).toBe(404);
      expect(headers['content-type']).toBe('application/problem+json');
      expect(body).toMatchObject({ code: 'not-found', detail: 'There is no such script.' });
    },
  );
});
